#!/usr/bin/perl

# The recordings: each step passes, but for those that need endpoints of later
# issues.  These are listed in tests/wire/later.txt; one that passes has to be
# taken off the list.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use MLForKids::Wire;
use Test::More;

my $later = MLForKids::Wire::later();
my %seen;
my $passed = 0;

sub judge {
    for my $step (@_) {
        my $name = "$step->{scenario}: $step->{step}";
        my $reason = $later->{$name};
        $seen{$name} = 1;
        $passed++ if $step->{ok};

        if (defined $reason) {
            ok(!$step->{ok}, "$name: not before $reason")
                or diag('it passes now: take it off tests/wire/later.txt');
        }
        else {
            ok($step->{ok}, $name)
                or diag(join "\n", @{ $step->{diffs} }[0 .. 7]);
        }
    }
}

my $t = MLForKids::Wire::start();
judge(MLForKids::Wire::play($t, MLForKids::Wire::files()));

my $down = MLForKids::Wire::start(env => { MAINTENANCE_MODE => 'true' });
judge(MLForKids::Wire::play($down, '--with', 'maintenance-mode',
                            grep { /maintenance/ } MLForKids::Wire::files()));

is(join("\n", grep { !$seen{$_} } sort keys %$later), '',
   'the list has steps that exist only');
cmp_ok($passed, '>', 400, 'most steps were played and passed');

# The recordings are copied: a checkout that has the originals beside it says
# when these have gone on.
my $origin = "$FindBin::Bin/../../../shared/contract";
if (-d "$origin/recordings") {
    my $diff = `diff -rq '$origin/recordings' '$FindBin::Bin/../wire/recordings'
        diff -q '$origin/replay.mjs' '$FindBin::Bin/../wire/replay.mjs'
        diff -q '$origin/FORMAT.md' '$FindBin::Bin/../wire/FORMAT.md'`;
    is($diff, '', 'tests/wire has the recordings of ../shared');
}

MLForKids::Test::done();
