#!/usr/bin/perl

# auto/run --detach: refused settings, again, two at a time, services that die.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use MLForKids::Test;
use Test::More;

my $ROOT = $MLForKids::Test::ROOT;

# ---- help, wrong arguments, wrong settings: nothing is started

my $t = MLForKids::Test->prepare;

for my $command ('run', 'stop', 'psql', 'test') {
    my ($status, $out) = $t->command($command, '--help');
    is($status, 0, "$command --help");
    like($out, qr/^Usage: auto\/$command/, "$command --help says how");
}
for my $command ('run', 'stop', 'test') {
    my ($status, $out) = $t->command($command, '--wrong');
    isnt($status, 0, "$command --wrong fails");
    like($out, qr/unknown argument: --wrong/, "$command --wrong says so");
}

my $secret = 'hunter2hunter2';
for my $case (
    [{ PORT => 'http' }, qr/PORT must be/],
    [{ PORT => '65536' }, qr/PORT must be/],
    [{ PORT => '0' }, qr/PORT must be/],
    [{ HOST => '1.2.3.4;' }, qr/HOST must be/],
    [{ MLFORKIDS_TEXT_BACKEND => 'none' }, qr/must be auto, builtin or watson/],
    [{ TRUSTED_PROXIES => '10.0.0.0/8, x' }, qr/"x" is no network/],
    [{ TRUSTED_PROXIES => '10.0.0.0/33' }, qr/is no network/],
    [{ SITE_HOST_URL => 'ml.example.org' }, qr/SITE_HOST_URL must be/],
    [{ SITE_HOST_URL => 'http://a"b' }, qr/SITE_HOST_URL must be/],
    [{ MLFORKIDS_JWKS_FILE => undef }, qr/needs MLFORKIDS_JWKS_FILE/],
    [{ MLFORKIDS_JWKS_FILE => '/nonexistent/x' }, qr/cannot read/],
    [{ MLFORKIDS_ISSUER => undef }, qr/needs MLFORKIDS_ISSUER/],
    [{ MLFORKIDS_STATE => '/etc' }, qr/must be a folder of its own/],
    [{ MLFORKIDS_STATE => $ROOT }, qr/must be a folder of its own/],
    [{ DATABASE_URL => "mysql://u:$secret\@h/d" }, qr/must begin with postgres/],
    [{ DATABASE_URL => "postgres://u:$secret%zz\@h/d" }, qr/hexadecimal/],
    [{ DATABASE_URL => "postgres://u:$secret\@h/d?sslmode=x" }, qr/sslmode must/],
    [{ DATABASE_URL => "postgres://u:$secret\@h/d?what=x" }, qr/unknown parameter/],
    [{ DATABASE_URL => "postgres://u:$secret\@h:99999/d" }, qr/port must be/],
    [{ DATABASE_URL => "postgres://u:$secret%0a\@h/d" }, qr/line end/],
    [{ POSTGRESQLUSER => 'x' }, qr/Missing required environment variable POSTGRESQLHOST/],
) {
    my ($env, $message) = @$case;
    my ($name, $value) = %$env;
    my ($status, $out) = $t->command('run', '--detach', $env);
    $value = '(none)' if !defined $value;
    isnt($status, 0, "$name=$value is refused");
    like($out, $message, "$name=$value: why");
    unlike($out, qr/$secret/, "$name=$value: no password") if $value =~ /$secret/;
}
ok(!-e "$t->{state}/pg", 'nothing was started');

# ---- detached; again; its output is not kept open

my ($status, $out) = $t->run;
is($status, 0, 'auto/run --detach') or diag($out);
like($out, qr{^Machine Learning for Kids: \Q$t->{url}\E/$}m, 'prints the address');
is($t->get('/api')->{status}, 200, 'the API answers');

($status, $out) = $t->run;
is($status, 0, 'again');
like($out, qr/already running at \Q$t->{url}\E/, 'again: says so');

($status, $out) = $t->command('run');
is($status, 0, 'again in the foreground: it does not stay');

($status, $out) = $t->run({ PORT => $t->{port} + 1 });
is($status, 0, 'again with another port');
like($out, qr/PORT or HOST differ/, 'again with another port: says so');

# ---- what the running one looks like

if ($> == 0) {
    my @owners = map { (stat "/proc/$_")[4] } map { $t->service_pid($_) }
        'nginx', 'training', 'postgres';
    is_deeply(\@owners, [((getpwnam 'mlforkids')[2]) x 3],
              'nothing runs as root');
    is((stat $t->{state})[4], (getpwnam 'mlforkids')[2],
       'the state folder is the system user\'s');
}
for my $file ('nginx.conf', 'training.conf', 'database.env') {
    is((stat "$t->{state}/$file")[2] & 0777, 0600, "$file is the owner's only");
}

# ---- a second one beside it, whose port is taken

my $beside = MLForKids::Test->prepare;
($status, $out) = $beside->run({ PORT => $t->{port} });
isnt($status, 0, 'a port that is taken');
like($out, qr/cannot listen on 127\.0\.0\.1 port $t->{port}: Address already in use/,
     'a port that is taken: says so');
is(join("\n", $beside->processes), '', 'a port that is taken: nothing is left');

# ---- two side by side

($status, $out) = $beside->run;
is($status, 0, 'a second instance') or diag($out);
my $session = $t->session;
is($beside->sql('SELECT count(*) FROM sessionusers'), 0,
   'they have databases of their own');
is($t->sql('SELECT count(*) FROM sessionusers WHERE id = :\'id\'',
           id => $session->{id}), 1, 'and each its data');
$beside->stop;
is($t->get('/api')->{status}, 200, 'one stops, the other goes on');

# ---- each service comes back when it dies

for my $service ('postgres', 'training', 'nginx') {
    my $old = $t->service_pid($service);
    kill 'KILL', $old;
    $t->until(sub {
        my $new = $t->service_pid($service);
        $new && $new != $old;
    }, "$service again");
    pass("$service is started again");
}
$t->until(sub {
    $t->get('/api')->{status} == 200
        && $t->post('/api/sessionusers', json => {})->{status} == 201;
}, 'recovery');
pass('all work again');
$t->allow(qr/signal 9|exited with fatal code/);

# ---- data stay over a stop

$t->stop;
is(join("\n", $t->processes), '', 'stopped: no process');
ok(!-e "$t->{state}/run" && !-e "$t->{state}/sv", 'stopped: no sockets');
is($t->get('/api')->{status}, 0, 'stopped: no answer');
($status, $out) = $t->command('stop');
is($status, 0, 'stopping again does no harm');
like($out, qr/nothing runs/, 'stopping again says so');

($status, $out) = $t->run;
is($status, 0, 'started again') or diag($out);
is($t->sql('SELECT count(*) FROM sessionusers WHERE id = :\'id\'',
           id => $session->{id}), 1, 'the data are there');

# ---- a supervisor that was killed: stop cleans up, run starts anew

my ($pid) = MLForKids::Test::read_file("$t->{state}/run/supervisor.pid") =~ /(\d+)/;
kill 'KILL', $pid;
$t->until(sub { !-d "/proc/$pid" }, 'end of the supervisor');
($status, $out) = $t->run;
is($status, 0, 'started after the supervisor was killed') or diag($out);
is($t->get('/api')->{status}, 200, 'and it answers');
$t->stop;

MLForKids::Test::done();
