#!/usr/bin/perl

# The site's own logic: texts, rules, stores, HTTP, run by Node.

use strict;
use warnings;

use FindBin;

my @tests = sort glob "$FindBin::Bin/../site/*.test.mjs";

exec 'node', '--test', '--test-reporter=tap', @tests
    or die "cannot run node: $!\n";
