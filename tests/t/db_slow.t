#!/usr/bin/perl

# A slow or frozen database: requests end with an answer or 503, reloads lose
# nothing, and old workers go.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";

use IO::Socket::INET;
use Test::More;

use DbTrial;

my $t = DbTrial->new(more => 'mlforkids_database_lane read timeout=500ms;');

$t->nginx_start;
$t->wait_for('database', sub { $t->ask->{status} == 404 });

# ---- a table that is locked: the server's own time limit

my $locker = fork // die "fork: $!\n";

if ($locker == 0) {
    open STDERR, '>', '/dev/null';
    exec 'psql', '-X', '-q', '-h', "$t->{dir}/sock", '-p', $t->{pgport},
         '-U', 'postgres', '-d', 'app', '-c',
         'BEGIN; LOCK mlforkidsdb.scratchkeys; SELECT pg_sleep(3600)';
    exit 127;
}

$t->wait_for('lock', sub {
    $t->sql('app', q(SELECT count(*) FROM pg_locks WHERE granted
                     AND mode = 'AccessExclusiveLock'
                     AND relation = 'mlforkidsdb.scratchkeys'::regclass)) > 0 });

is $t->ask->{status}, 503, 'locked table: 503';
is $t->get('/api')->{status}, 200, 'what needs no database is served';

# clients that go away leave nothing behind

for (1 .. 20) {
    my $s = IO::Socket::INET->new(PeerAddr => '127.0.0.1',
                                  PeerPort => $t->{port});
    print $s "GET /api/scratch/$DbTrial::UNKNOWN/status HTTP/1.1\r\n"
             . "Host: trial\r\n\r\n";
    close $s;
}

$t->sql('app', q(SELECT pg_cancel_backend(pid) FROM pg_stat_activity
                 WHERE query LIKE '%pg_sleep(3600)%'
                   AND pid <> pg_backend_pid()));
waitpid $locker, 0;

ok $t->wait_for('the lock to go', sub { $t->ask->{status} == 404 }),
   'served again';
ok $t->wait_for('drained', sub {
    my $s = $t->status->{database}{read};
    return $s->{waiting} == 0 && $s->{in_flight} == 0;
}), 'nothing waits any more';

# ---- a server that hears nothing: the watchdog

my $load = $t->load_start(4);
my $losses = $t->status->{database}{read}{losses};

$t->pg_signal('STOP');
$t->wait_for('watchdog', sub {
    $t->status->{database}{read}{losses} > $losses });
$t->pg_signal('CONT');
ok $t->wait_for('recovery', sub { $t->ask->{status} == 404 }),
   'served after the server was frozen';

# ---- reloads under load lose nothing

my $first = $t->load_stop($load);
is_deeply [grep { $_ ne 404 && $_ ne 503 } keys %$first], [],
   'frozen: answers, or 503 with Retry-After';

$load = $t->load_start(4);

for (1 .. 5) {
    my @old = $t->nginx_workers;

    $t->nginx('-s', 'reload');
    $t->wait_for('end of old workers', sub { !grep { kill 0, $_ } @old });
}

my $seen = $t->load_stop($load);
is_deeply [grep { $_ ne 404 && $_ ne 503 } keys %$seen], [],
   'reloads under load: every request has a reply';
ok $seen->{404}, 'and most are answers';

ok $t->wait_for('sessions of old workers to go', sub {
    $t->sql('app', q(SELECT count(*) FROM pg_stat_activity
                     WHERE usename = 'app')) == 8 }),
   'only the new workers have sessions';

# ---- counters

my $metrics = $t->get('/metrics');
is $metrics->{status}, 200, 'metrics';
like $metrics->{content},
     qr{^mlforkids_requests_total\{route="GET /api/scratch/:k/status",status="4xx"\} \d+$}m,
     'requests by route';
like $metrics->{content},
     qr{^mlforkids_database_connections\{lane="read"\} 2$}m,
     'sessions by lane';
like $metrics->{content}, qr{^mlforkids_training_up 0$}m,
     'the training worker is away';
is_deeply [grep { !/^(?:# (?:HELP|TYPE) \w+ \S.*|\w+(?:\{[^}]*\})? -?[\d.]+)$/ }
           split /\n/, $metrics->{content}], [], 'all lines are well-formed';

$t->nginx_stop;
is $t->alarms, '', 'nothing alarming in the error log';

done_testing;
