package MLForKids::Wire;

# Plays the recordings of tests/wire against an instance.

use strict;
use warnings;

use JSON::PP ();
use MLForKids::Test ();

# what is built so far; the others come with later issues
our @SCENARIOS = qw(
    sessionusers- projects- training-text training-paging auth- class-policy
    scratch-text scratch-cors scratch-not-modified service-
    models-text-no-credentials
);

# files(): those of @SCENARIOS
sub files {
    my $dir = "$MLForKids::Test::ROOT/tests/wire/recordings";
    return map { glob "$dir/$_*.json" } @SCENARIOS;
}

# start(env => ..): an instance set up as FORMAT.md asks
sub start {
    my (%o) = @_;
    return MLForKids::Test->start(
        env => { MLFORKIDS_TEXT_BACKEND => 'watson', %{ $o{env} || {} } });
}

# arguments of replay.mjs for an instance
sub arguments {
    my ($t) = @_;
    return ("$MLForKids::Test::ROOT/tests/wire/replay.mjs",
            '--base-url', $t->{url}, '--jwt-key', $t->{key},
            '--issuer', $MLForKids::Test::ISSUER, '--kid', $t->{kid},
            '--seed-command', "MLFORKIDS_STATE='$t->{state}'"
                . " '$MLForKids::Test::ROOT/auto/psql' -q -v ON_ERROR_STOP=1");
}

# play($t, options and files..): lists of { scenario, step, ok, diffs }
sub play {
    my ($t, @options) = @_;
    my $report = "$t->{dir}/report.json";

    unlink $report;
    open my $out, '-|', 'node', arguments($t), '--json', $report, @options
        or die "node: $!\n";
    my @lines = <$out>;
    close $out;
    -s $report or die "replay.mjs failed: @lines";

    return @{ JSON::PP->new->utf8->decode(
        MLForKids::Test::read_file($report))->{report} };
}

# later(): { "scenario: step" => reason } of what a later issue brings.  A line
# of the file is "scenario: step | reason".
sub later {
    my %later;

    for (split /\n/, MLForKids::Test::read_file(
            "$MLForKids::Test::ROOT/tests/wire/later.txt")) {
        next if /^\s*(#|$)/;
        my ($step, $reason) = /^(\S+: .*?) \| (.+)$/
            or die "later.txt: \"$_\" has no reason\n";
        $later{$step} = $reason;
    }

    return \%later;
}

1;
