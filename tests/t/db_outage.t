#!/usr/bin/perl

# The database goes away and comes back: requests wait a little or get 503 with
# Retry-After, nothing else, and nobody has to restart nginx.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";

use IO::Select;
use IO::Socket::INET;
use Test::More;

use DbTrial;

my $t = DbTrial->new(schema => 0);

# ---- before the migrations

$t->nginx_start;

is $t->ask->{status}, 503, 'no tables yet: 503';
is $t->status->{database}{ok}, JSON::PP::false, 'status says so';
$t->migrate;
ok $t->wait_for('tables', sub { $t->ask->{status} == 404 }),
   'served once the migrations are done';

# ---- sessions ended by the server

my $before = $t->status->{database}{read}{losses};
$t->sql('app', q(SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                 WHERE usename = 'app'));
$t->wait_for('losses', sub {
    $t->status->{database}{read}{losses} > $before });
ok $t->wait_for('new sessions', sub { $t->ask->{status} == 404 }),
   'new sessions are made';

# ---- restarts under load

my $load = $t->load_start(8);
$t->wait_for('load', sub { $t->status->{database}{read}{queries} > 50 });

for my $mode ('immediate', 'fast') {
    my $connects = $t->status->{database}{read}{connects};

    $t->pg_ctl('restart', '-m', $mode);
    ok $t->wait_for("sessions after restart -m $mode", sub {
        my $s = $t->status->{database};
        return $s->{read}{connects} > $connects
               && $s->{read}{connections} == 2
               && $s->{write}{connections} == 4
               && $s->{bulk}{connections} == 2;
    }), "all sessions are back after restart -m $mode";
}

my $seen = $t->load_stop($load);
is_deeply [grep { $_ ne 404 && $_ ne 503 } keys %$seen], [],
   'restarts under load: answers, or 503 with Retry-After';
ok $seen->{404}, 'most were answered';

# ---- away for longer

$t->pg_ctl('stop', '-m', 'immediate');

my $reply = $t->ask;
is $reply->{status}, 503, 'server stopped: 503';
ok $reply->{headers}{'retry-after'}, 'with Retry-After';
is $reply->{headers}{'content-type'}, 'application/json; charset=utf-8',
   'as JSON';
like $reply->{content}, qr/^\{"error":".+"\}$/, 'with the error in words';

# an old worker ends although the server is away
my @old = $t->nginx_workers;
$t->nginx('-s', 'reload');
ok $t->wait_for('end of old workers', sub { !grep { kill 0, $_ } @old }),
   'reload while the server is away';
is $t->ask->{status}, 503, 'still 503';

$t->pg_ctl('start');
ok $t->wait_for('recovery', sub { $t->ask->{status} == 404 }),
   'served again without a restart of nginx';
like $t->error_log, qr/the database answers again/, 'the log says so';

# ---- a check of the configuration connects to nothing

my $silent = IO::Socket::INET->new(Listen => 1, LocalAddr => '127.0.0.1');
my $database = $t->{database};

$t->{database} = 'host=127.0.0.1 sslmode=disable port=' . $silent->sockport;
like $t->nginx('-t'), qr/test is successful/, 'nginx -t';
is_deeply [IO::Select->new($silent)->can_read(0)], [], 'connects to nothing';
$t->{database} = $database;

# ---- what must not be in a log

$t->nginx_stop;
unlike $t->error_log . DbTrial::read_file("$t->{dir}/run/access.log"),
       qr/\Q$DbTrial::UNKNOWN\E/, 'no scratch key in the logs';
like DbTrial::read_file("$t->{dir}/run/access.log"),
     qr{^"GET /api/scratch/:k/status" 404 0\.\d{3}$}m,
     'the access log names the route';
is $t->alarms, '', 'nothing alarming in the error log';

done_testing;
