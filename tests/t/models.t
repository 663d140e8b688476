#!/usr/bin/perl

# Models of text projects: training, testing, removing, and who trains.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";

use Test::More;

use MLForKids::HTTP;
use MLForKids::Parallel;
use MLForKids::Psql;
use MLForKids::Test;
use MLForKids::Visitor;

# the same again on another port, where only the built-in model trains
my $port = MLForKids::Test::free_port();
my $t = MLForKids::Test->prepare;
$t->nginx_extra('http', <<"CONF");
mlforkids_database_wait 30s;
server {
    listen 127.0.0.1:$port;
    include "$t->{state}/app/conf/mlforkids_server.conf";
    mlforkids_text_backend builtin;
}
CONF
my ($status, $out) = $t->run;
is $status, 0, 'started' or BAIL_OUT($out);

my $db = MLForKids::Psql->new($t);
my $v = MLForKids::Visitor->new($t);

my $time = qr/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
my $gone = 'Your machine learning model could not be found on the training '
         . 'server. Refresh the page';
my $down = 'The Watson Assistant service that runs your machine learning '
         . 'model reported an unexpected error';

sub said { return [$_[0]{status}, $_[0]{json}{error}] }
sub names { return [map { $_->{class_name} } @{ $_[0]{json} }] }

# ---- too little to learn from

is_deeply $v->must(200, 'GET', 'project', '/models'), [], 'no model yet';

my $model = $v->train;
is $model->{status}, 'Training', 'asked for';
like $model->{classifierid}, qr/^[0-9a-f-]{36}$/, 'has an id';
like $model->{$_}, $time, "$_ is a time" for 'updated', 'expiry';
is_deeply [@$model{'credentialsid', 'name', 'backend'}],
          ['builtin', 'things', 'builtin'], 'says who trains';

$model = $v->wait('Failed');
like $model->{reason}, qr/example/, 'no examples: Failed, and says why';
is_deeply said($v->test('apple')), [404, $gone], 'nothing to test';

my $labels = sub {
    $v->must(200, 'PATCH', 'project', '', [{ op => 'replace',
        path => '/labels', value => [@_] }]);
};

$labels->('fruit');
$v->train;
$t->until(sub { ($v->model->{reason} || '') =~ /at least two labels/ },
          'another reason');
pass 'one label: says so';
$labels->('fruit', 'animal');

# ---- a model

$v->teach(\%MLForKids::Visitor::FOOD);
$v->train;
$model = $v->wait('Available');
ok !exists $model->{reason}, 'Available, and no reason any more';
is $db->ask("SELECT expiry = updated + interval '4 hours'
             FROM mlforkids_textmodels"), 't', '... for four hours';

my $r = $v->test('apple banana');
is $r->{status}, 200, 'tested';
is $r->{json}[0]{class_name}, 'fruit', 'a fruit is one';
like $r->{json}[0]{classifierTimestamp}, $time, '... at a time';
cmp_ok $r->{json}[0]{confidence}, '>', 50, '... quite sure';
is $v->test('a horse')->{json}[0]{class_name}, 'animal', 'an animal too';

my $none = $v->test('zzqqxx');
is_deeply [map { $_->{random} ? $_->{confidence} : 'none' }
           @{ $none->{json} }], [0],
          'nothing is known: one label by chance';

is $v->test("\x{e9}" x 2048)->{status}, 200, '2048 characters';
is_deeply said($v->test("\x{e9}" x 2049)),
          [400, 'text cannot be longer than 2048 characters'], 'not one more';
is_deeply said($v->test('x', model => 'nosuch')), [404, $gone],
          'another model';
is_deeply said($v->test('x', credentials => 'nosuch')),
          [404, 'Not found'], 'unknown credentials';
is_deeply said($v->call('POST', 'project',
    "/models/$model->{classifierid}/label", $_)), [400, 'Missing data'],
    'nothing to test with'
    for {}, { type => 'text' }, { type => 'text', text => 'x' },
        { type => 'text', text => '', credentialsid => 'builtin' },
        { type => 'text', text => ['x'], credentialsid => 'builtin' },
        { type => 'nosuch', text => 'x', credentialsid => 'builtin' };

my $stranger = MLForKids::Visitor->new($t);
is $t->post("$stranger->{project}/models/$model->{classifierid}/label",
    token => $stranger->{token}, json => { type => 'text', text => 'apple',
    credentialsid => 'builtin' })->{status}, 404,
    'the model belongs to its project';

# ---- trained again: the old one answers until the new one is there

my $worker = $t->service_pid('training');

# the worker's child that claims jobs: the one without threads
sub runner {
    for my $file (glob '/proc/[0-9]*/status') {
        my $text = MLForKids::Test::read_file($file);
        next if $text !~ /^PPid:\t$worker$/m || $text !~ /^Threads:\t1$/m;
        return $1 if $text =~ /^Pid:\t(\d+)/m;
    }

    return 0;
}

my $runner = $t->until(\&runner, 'a runner');
kill 'STOP', $runner;

$labels->('fruit', 'animal', 'tool');
$v->teach({ tool => ['hammer', 'steel saw', 'screwdriver'] });
my $new = $v->train;
is $new->{classifierid}, $model->{classifierid}, 'trained again: the same id';
is $new->{updated}, $model->{updated}, '... still of the old one';

my @clicks = parallel($t, map { ['POST', "$v->{project}/models",
                                 token => $v->{token}] } 1 .. 50);
is_deeply counts(@clicks), { 201 => 50 }, 'fifty clicks are answered';
is $db->ask("SELECT string_agg(state, ' ') FROM mlforkids_jobs
             WHERE state IN ('waiting', 'running')"), 'waiting',
   '... by one job';
is $db->ask('SELECT count(*) FROM mlforkids_textmodels'), 1, '... one model';
is $db->ask('SELECT count(*) FROM scratchkeys'), 1, '... one key';

is $v->model->{status}, 'Training', 'not ready yet';
my $old = $v->test('apple banana');
is $old->{json}[0]{class_name}, 'fruit', 'the old one answers';
is_deeply [grep { $_ eq 'tool' } @{ names($v->test('hammer')) }], [],
          '... and knows nothing new';

kill 'CONT', $runner;
$new = $v->wait('Available');
isnt $new->{updated}, $model->{updated}, 'the new one is there';
is $v->test('hammer')->{json}[0]{class_name}, 'tool', '... and knows more';

is_deeply counts(parallel($t, map { ['POST', "$v->{project}/models",
    token => $v->{token}] } 1 .. 50)), { 201 => 50 }, 'while it works';
cmp_ok $db->ask("SELECT count(*) FROM mlforkids_jobs
                 WHERE state IN ('waiting', 'running')"), '<=', 1,
       '... at most one job is left';
$v->wait('Available');

# a new try that fails leaves the old one
$labels->('empty', 'void');
$v->train;
like $v->wait('Failed')->{reason}, qr/example/, 'no longer enough';
is $v->test('apple')->{status}, 200, 'the old one still answers';

# ---- removed

my $path = "/models/$model->{classifierid}";
is $stranger->call('DELETE', 'project', $path)->{status}, 404,
   'not through another project';
$r = $v->call('DELETE', 'project', $path);
is_deeply [$r->{status}, $r->{body}], [204, ''], 'removed';
is_deeply said($v->call('DELETE', 'project', $path)), [404, 'Not found'],
          '... once';
is_deeply $v->must(200, 'GET', 'project', '/models'), [], 'not listed';
is_deeply said($v->test('apple', model => $model->{classifierid})),
          [404, $gone], 'not tested';
is_deeply [keys %{ $v->make_key }], ['id'], 'the key has none';

# ---- the worker is away

$labels->('fruit', 'animal');
$v->train;
$v->wait('Available');

$t->sv('down', 'training');
$t->until(sub { !kill 0, $worker }, 'the end of the worker');

is_deeply said($v->test('apple')), [503, $down], 'no worker: no tests';
is $v->call('GET', 'project', '')->{status}, 200, '... projects are there';
$v->teach({ fruit => ['blue plum'] });
is $v->must(200, 'GET', 'project', '/labels')->{fruit}, 7, '... examples too';
is $v->train->{status}, 'Training', '... training is asked for';
is $v->model->{status}, 'Training', '... and waits';

$t->sv('up', 'training');
$v->wait('Available');
$t->until(sub { $v->test('x')->{status} == 200 }, 'tests');
is $v->test('blue plum')->{json}[0]{class_name}, 'fruit',
   'it runs once the worker is back';

# ---- who trains

my $class = $t->class;
my $list = "/api/classes/$class->{id}/students/$class->{student}/projects";
my @token = (token => $class->{student_token});

sub class_project {
    my ($name) = @_;
    my $made = $t->post($list, @token, json => { type => 'text',
        name => $name, language => 'en' });
    return "$list/$made->{json}{id}/models";
}

my $models = class_project('mine');
is $t->post($models, @token)->{status}, 201, 'no credentials: built in';

$db->ask("INSERT INTO bluemixcredentials VALUES ('creds', ?, 'conv', 'u',
          'a', 'b', 0, NULL)", $class->{id});
my $second = class_project('second');
$r = $t->post($second, @token);
is_deeply [$r->{status}, $r->{json}{code}], [503, 'MLMOD11'],
          'a class with credentials: a service that is away';
like $r->{json}{error}, qr/^Sorry, the IBM Watson .* undergoing maintenance$/,
     '... in words';
is_deeply $t->get($second, @token)->{json}, [], '... nothing was made';
is_deeply said($t->post("$second/x/label", @token, json => {
    type => 'text', text => 'x', credentialsid => 'creds' })), [503, $down],
    'nor can it be tested';
is_deeply said($v->test('x', credentials => 'creds')), [404, 'Not found'],
          'credentials of another class are none';

{
    local $t->{http} = MLForKids::HTTP->new($port);
    $r = $t->post($second, @token);
    is_deeply [$r->{status}, $r->{json}{backend}], [201, 'builtin'],
              'builtin: credentials do not matter';
}

$db->close;
MLForKids::Test::done();
