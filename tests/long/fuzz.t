#!/usr/bin/perl

# Each fuzz driver for half a minute.

use strict;
use warnings;

use FindBin;
use Test::More;

my $fuzz = "$FindBin::Bin/../../auto/fuzz";
my @names = split ' ', `'$fuzz' --list`;
ok(@names > 0, 'there are drivers');

for my $name (@names) {
    my $out = `'$fuzz' --seconds 30 '$name' 2>&1`;
    is($?, 0, $name) or diag($out);
}

done_testing();
