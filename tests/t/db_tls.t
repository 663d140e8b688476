#!/usr/bin/perl

# A server by its name, over TLS with a checked certificate and a password: as
# managed databases are used.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";

use Test::More;

use DbTrial;

my $t = DbTrial->new;
my $pg = "$t->{dir}/pg";

# ---- certificate for localhost, passwords over TCP

system("openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost "
       . "-addext subjectAltName=DNS:localhost "
       . "-keyout $pg/server.key -out $pg/server.crt 2>/dev/null") == 0
    or die "openssl failed\n";
chown $t->{uid}, $t->{gid}, "$pg/server.key" if defined $t->{uid};
chmod 0600, "$pg/server.key";

DbTrial::write_file("$t->{dir}/run/ca.crt",
                    DbTrial::read_file("$pg/server.crt"));
DbTrial::write_file("$pg/pg_hba.conf", <<'END');
local   all postgres           trust
hostssl all app   127.0.0.1/32 scram-sha-256
hostssl all app   ::1/128      scram-sha-256
END
DbTrial::write_file("$pg/postgresql.conf",
                    DbTrial::read_file("$pg/postgresql.conf") . "ssl = on\n");
$t->pg_ctl('restart', '-m', 'fast');
$t->sql('app', q(ALTER ROLE app PASSWORD 'first'));

# ---- the password is wrong, then right

$t->{database} = "host=localhost port=$t->{pgport} password=second "
                 . "sslmode=verify-full sslrootcert=$t->{dir}/run/ca.crt";
$t->nginx_start;

is $t->ask->{status}, 503, 'wrong password: 503';
$t->wait_for('the reason', sub {
    $t->error_log =~ /password authentication failed/ });
unlike $t->error_log, qr/password=|second/, 'the password is not in the log';

$t->sql('app', q(ALTER ROLE app PASSWORD 'second'));
ok $t->wait_for('sessions', sub { $t->ask->{status} == 404 }),
   'served once it is right';

$t->wait_for('all sessions', sub {
    my $s = $t->status->{database};
    return $s->{read}{connections} + $s->{write}{connections}
           + $s->{bulk}{connections} == 8;
});
is $t->sql('app', q(SELECT count(*) FROM pg_stat_ssl JOIN pg_stat_activity
                    USING (pid) WHERE usename = 'app' AND ssl)), "8\n",
   'all sessions are encrypted';

# ---- a restart: looked up and encrypted again

$t->pg_ctl('restart', '-m', 'immediate');
ok $t->wait_for('sessions', sub { $t->ask->{status} == 404 }),
   'served after a restart';

# ---- a name that the certificate does not have

$t->nginx_stop;
$t->{database} =~ s/host=localhost/host=localhost.localdomain/;
$t->{database} =~ s/port=/hostaddr=127.0.0.1 port=/;
$t->nginx_start;
is $t->ask->{status}, 503, 'another name: 503';
$t->wait_for('the reason', sub { $t->error_log =~ /does not match host name/ });

# ---- a name that does not exist

$t->nginx_stop;
$t->{database} = "host=no-such-host.invalid port=$t->{pgport}";
$t->nginx_start;
is $t->ask->{status}, 503, 'unknown name: 503';
$t->wait_for('the reason', sub {
    $t->error_log =~ /host name could not be looked up/ });
is $t->get('/api')->{status}, 200, 'what needs no database is served';

$t->nginx_stop;
is $t->alarms, '', 'nothing alarming in the error log';

done_testing;
