#!/usr/bin/perl

# The child's ten minutes in Debian's Chromium, against an instance of the
# whole system; hostile names, labels, addresses and files.  Each step of the
# Node programs in tests/browser is a test here.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";

use MLForKids::Test;
use Test::More;

my $root = $MLForKids::Test::ROOT;

is(system('make', '-s', '-C', $root, 'browser-packages'), 0,
   'packages of the browser tests');

my $t = MLForKids::Test->start;

for my $program ('ten_minutes', 'hostile') {
    my @command = ('node', '--test-reporter=tap',
        "$root/tests/browser/$program.mjs", '--base', $t->{url},
        '--failures', "$root/build/browser-failures");
    if ($program eq 'ten_minutes' && $ENV{MLFORKIDS_SCREENSHOTS}) {
        push @command, '--screenshots', $ENV{MLFORKIDS_SCREENSHOTS};
    }

    open my $out, '-|', @command or die "cannot run node: $!\n";

    my ($steps, $failed) = (0, 0);
    while (my $line = <$out>) {
        if ($line =~ /^ {4}(not )?ok \d+ - (.*)/) {
            $steps++;
            $failed = $1;
            ok(!$1, "$program: $2");
        } elsif ($line =~ /^ {4}# Subtest/ || $line =~ /^# Subtest/) {
            $failed = 0;
        } elsif ($failed) {
            diag($line);
        }
    }

    ok(close($out), "$program: all steps were taken");
    cmp_ok($steps, '>', 10, "$program: $steps steps");
}

$t->done;
