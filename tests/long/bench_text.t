#!/usr/bin/perl

# Accuracy, calibration and ratios of time of the text models.

use strict;
use warnings;

use FindBin;
use Test::More;

my $out = `'$FindBin::Bin/../../auto/bench' text 2>&1`;
is($?, 0, 'the goals are met');
diag($out);

done_testing();
