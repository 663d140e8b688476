#!/usr/bin/perl

# auto/psql on the embedded database.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use MLForKids::Test;
use Test::More;

my $t = MLForKids::Test->prepare;

my ($status, $out) = $t->command('psql', '-c', 'SELECT 1');
isnt($status, 0, 'nothing runs');
like($out, qr/nothing runs in/, 'and it says so');

($status, $out) = $t->run;
is($status, 0, 'started') or BAIL_OUT($out);

($status, $out) = $t->command('psql', '-At', { stdin => "SELECT 6 * 7;\n" });
is($out, "42\n", 'SQL from standard input');

($status, $out) = $t->command('psql', '-q', { stdin =>
    "INSERT INTO sitealerts VALUES (now(), 1, 1, 'm', 'u', now());\n" });
is("$status $out", '0 ', '-q: a seed prints nothing');

($status, $out) = $t->command('psql', '-Atc', 'SELECT current_schema()');
is($out, "mlforkidsdb\n", 'tables are in the search path');

($status, $out) = $t->command('psql', '-Atc', 'SELECT current_user');
is($out, "mlforkids\n", 'as the role that serves the web');

($status, $out) = $t->command('psql', '-U', 'postgres', '-Atc',
    'SELECT usesuper FROM pg_user WHERE usename = current_user');
is($out, "t\n", '-U postgres is the superuser');

is($t->sql('SELECT rolsuper FROM pg_roles WHERE rolname = current_user'), 'f',
   'what serves the web is no superuser');

($status, $out) = $t->command('psql', '-v', 'ON_ERROR_STOP=1',
                              { stdin => "SELECT nonsense;\n" });
is($status, 3, 'psql\'s own exit status');

is($t->sql('SHOW server_encoding'), 'UTF8', 'UTF-8');

($status, $out) = $t->command('psql', '-U', 'postgres', '-At', { stdin =>
    join '', map { "SHOW $_;\n" } 'listen_addresses', 'log_error_verbosity',
    'log_min_error_statement', 'log_parameter_max_length_on_error' });
is($out, "\nterse\npanic\n0\n", 'no network, no statements in the log');

MLForKids::Test::done();
