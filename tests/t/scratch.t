#!/usr/bin/perl

# What Scratch, Python and App Inventor do with the key of a text project.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";

use JSON::PP ();
use Test::More;

use MLForKids::Parallel;
use MLForKids::Psql;
use MLForKids::Test;
use MLForKids::Visitor;

my $t = MLForKids::Test->start(
    http => "mlforkids_database_wait 30s;\n"
          . "mlforkids_database_lane write timeout=60s;\n");
my $db = MLForKids::Psql->new($t);

my $name = q{a </script> '"&};
my @labels = ('fruit', 'an_"quote', 'it\'s', '</script>', '__proto__');
my $v = MLForKids::Visitor->new($t, name => $name, labels => \@labels);

my $time = qr/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

sub said { return [$_[0]{status}, $_[0]{json}{error}] }

# ---- the key

my @keys = parallel($t, map { ['GET', "$v->{project}/scratchkeys",
                               token => $v->{token}] } 1 .. 40);
my %keys = map { $_->{json}[0]{id} => 1 } @keys;
is_deeply [counts(@keys), scalar keys %keys], [{ 200 => 40 }, 1],
          'forty ask at once: one key';
is $db->ask('SELECT count(*) FROM scratchkeys'), 1, '... in the database too';

my $key = $v->make_key;
ok $keys{ $key->{id} }, 'it stays';
like $key->{id}, qr/^[0-9a-f-]{72}$/, 'looks like one';
is_deeply [keys %$key], ['id'], 'no model yet';

# ---- without a model

my $none = 'No models trained yet - only random answers can be chosen';
my $r = $v->call('GET', 'key', '/status');
is_deeply $r->{json}, { status => 0, msg => $none, type => 'text' },
          'its status';
like $r->{headers}{'cache-control'}, qr/no-store/, '... for now';

my $stored = $v->must(200, 'GET', 'project', '')->{labels};
my %first;
for (1 .. 60) {
    $r = $v->call('GET', 'key', '/classify?data=x');
    $first{ $r->{json}[0]{class_name} }++;
}
is_deeply [sort map { $_->{class_name} } @{ $r->{json} }], [sort @$stored],
          'any label, each once';
cmp_ok keys %first, '>', 1, '... in another order each time';
is_deeply [grep { $_->{confidence} != 20 || !$_->{random}
                  || $_->{classifierTimestamp} !~ $time } @{ $r->{json} }], [],
          '... all as likely, by chance';
is $r->{headers}{'cache-control'}, 'max-age=10', '... for ten seconds';

is_deeply said($v->call('GET', 'key', "/classify$_")), [400, 'Missing data'],
          "no text: \"$_\"" for '', '?data=', '?data=%20%09', '?data=a&data=b',
                                '?data[a]=b';
is_deeply said($v->call('POST', 'key', '/classify', $_)),
          [400, 'Missing data'], 'no text in the body'
    for {}, { data => '' }, { data => ' ' }, { data => ['x'] },
        { data => 5 }, [];

# ---- examples

is_deeply said($v->call('POST', 'key', '/train', $_->[1])), $_->[0],
          "no example: @{ $_->[0] }" for
    [[400, 'Missing data'], {}],
    [[400, 'Missing data'], { data => 'x' }],
    [[400, 'Missing data'], { data => '', label => 'fruit' }],
    [[400, 'Invalid label'], { data => 'x', label => 'nosuch' }];
$r = $v->call('POST', 'key', '/train', { data => 'apple', label => 'fruit' });
is $r->{status}, 200, 'an example';
is_deeply [@{ $r->{json} }{'textdata', 'label'}], ['apple', 'fruit'],
          '... is answered with what is stored';
is_deeply [map { "$_->{label} $_->{textdata}" }
           @{ $v->call('GET', 'key', '/train')->{json} }], ['fruit apple'],
          '... and listed';

# ---- a model

$v->must(200, 'PATCH', 'project', '', [{ op => 'replace', path => '/labels',
                                         value => ['fruit', 'animal'] }]);
$v->teach(\%MLForKids::Visitor::FOOD);

$r = $v->call('POST', 'key', '/models');
is_deeply [$r->{status}, $r->{json}], [200, { status => 1, type => 'text',
    msg => 'Model not ready yet' }], 'training by the key';

my $state;
my %seen;
$t->until(sub {
    $state = $v->call('GET', 'key', '/status')->{json};
    $seen{"$state->{status} $state->{msg}"} = 1;
    return $state->{status} == 2;
}, 'the model');
is_deeply $state, { status => 2, msg => 'Ready', type => 'text' }, 'ready';
delete @seen{'1 Model not ready yet', '2 Ready'};
is_deeply [keys %seen], [], '... and nothing else before';
is $v->make_key->{model}, $v->model->{classifierid}, 'the key knows its model';

$r = $v->call('GET', 'key', '/classify?data=a%20dog%0A%09');
is_deeply [$r->{status}, $r->{json}[0]{class_name}], [200, 'animal'],
          'classified';
my $stamp = $r->{json}[0]{classifierTimestamp};
like $stamp, $time, '... with the time of the key';
cmp_ok $r->{json}[0]{confidence}, '>=', $r->{json}[-1]{confidence},
       '... the best first';
is_deeply $v->call('POST', 'key', '/classify', { data => 'a dog' })->{json},
          $r->{json}, 'the same by POST';
is_deeply said($v->call('POST', 'key', '/classify', { data => 'x' x 2049 })),
          [400, 'text cannot be longer than 2048 characters'], 'too long';

my $since = sub {
    return $t->get("$v->{key}/classify?data=a%20dog",
                   headers => { 'if-modified-since' => $_[0] });
};
$r = $since->($stamp);
is_deeply [$r->{status}, $r->{body}], [304, ''], 'nothing new since then';
is $r->{headers}{'content-length'}, undef, '... which has no length';
is $since->($_)->{status}, 200, "... but since \"$_\"" for
    '2018-04-02T01:12:00.000Z', 'Wed, 25 Nov 2037 00:00:00 GMT', lc $stamp;

$r = $v->call('GET', 'key', '/classify?data=zzqqxx');
is_deeply [map { $_->{random} ? $_->{confidence} : 'none' } @{ $r->{json} }],
          [0],
          'nothing is known: one label by chance';

# ---- failed

$v->must(200, 'PATCH', 'project', '', [{ op => 'replace', path => '/labels',
                                         value => ['fruit'] }]);
$v->call('POST', 'key', '/models');
$v->wait('Failed');
$state = $v->call('GET', 'key', '/status')->{json};
is_deeply [@$state{'status', 'msg'}], [0, 'Model Failed'], 'failed';
like $state->{reason}, qr/two labels/, '... and why';
is $v->call('GET', 'key', '/classify?data=apple')->{status}, 200,
   'the old model answers';

$v->must(204, 'DELETE', 'project', '/models/' . $v->model->{classifierid});
is $v->call('GET', 'key', '/status')->{json}{msg}, $none, 'removed';
ok $v->call('GET', 'key', '/classify?data=apple')->{json}[0]{random},
   '... by chance again';

# ---- a full project

my $limit = 'Project already has maximum allowed amount of training data';
my %got;
for my $round (1 .. 13) {
    my @replies = parallel($t, map { ['POST', "$v->{key}/train", json => {
        data => "text $round $_", label => 'fruit' }] } 1 .. 40);
    $got{ "$_->{status} " . ($_->{json}{error} || '') }++ for @replies;
}
my $before = 1 + map { @$_ } values %MLForKids::Visitor::FOOD;
is_deeply \%got, { '200 ' => 500 - $before, "409 $limit" => 20 + $before },
          'forty at a time: exactly five hundred fit';
is $db->ask('SELECT count(*) FROM texttraining'), 500,
   '... in the database too';
is @{ $v->call('GET', 'key', '/train')->{json} }, 500, '... all are listed';

# ---- other sites

for my $case (['https://machinelearningforkids.co.uk', 1],
              ['https://scratch.machinelearningforkids.co.uk', 1],
              ['https://app.edublocks.org', 1],
              ['https://evilmachinelearningforkids.co.uk', 0],
              ['https://machinelearningforkids.co.uk.example.org', 0],
              ['null', 0])
{
    my ($origin, $may) = @$case;
    my @headers = (headers => { origin => $origin });
    my $want = $may ? $origin : undef;

    $r = $t->get("$v->{key}/status", @headers);
    is_deeply [$r->{status}, $r->{headers}{'access-control-allow-origin'}],
              [200, $want], "from $origin";
    like $r->{headers}{vary}, qr/\bOrigin\b/, '... not for others';

    $r = $t->request('OPTIONS', "$v->{key}/train", headers => {
        origin => $origin, 'access-control-request-method' => 'POST',
        'access-control-request-headers' => 'content-type,x-user-agent' });
    is_deeply [$r->{status}, map { $r->{headers}{"access-control-allow-$_"} }
                             'origin', 'methods', 'headers'],
              [204, $want, 'GET,HEAD,PUT,PATCH,POST,DELETE',
               'content-type,x-user-agent'], '... asks first';
}
is $t->get("$v->{project}", token => $v->{token}, headers => {
    origin => 'https://app.edublocks.org' })
    ->{headers}{'access-control-allow-origin'}, undef, 'the rest is ours';

# ---- keys that are none

for my $bad ('a' x 72, '0' x 71, substr($key->{id}, 0, 71), 'x',
             "$key->{id}0", uc $key->{id})
{
    my $k = "/api/scratch/$bad";
    is_deeply said($t->request(@$_)), [404, 'Scratch key not found'],
              "$_->[0] .../" . ($_->[1] =~ s{.*/}{}r) . ', ' . length $bad
        for ['GET', "$k/classify?data=x"], ['GET', "$k/status"],
            ['POST', "$k/classify", json => { data => 'x' }],
            ['GET', "$k/train"], ['GET', "$k/extension3.js"],
            ['POST', "$k/train", json => { data => 'x', label => 'y' }];
    is_deeply said($t->post("$k/models")), [500, 'Unexpected response when '
        . 'retrieving credentials for Scratch'], '... trains nothing';
}

# ---- the extension

$v->must(200, 'PATCH', 'project', '', [{ op => 'replace', path => '/labels',
                                         value => \@labels }]);
$r = $v->call('GET', 'key', '/extension3.js?projectid=%22%3Balert(1)%2F%2F');
is_deeply [$r->{status}, @{ $r->{headers} }{'content-type', 'cache-control'}],
          [200, 'application/javascript; charset=utf-8',
           'no-store, no-cache, must-revalidate'], 'the script';

my ($project) = $r->{body} =~ /\n\}\)\((\{.*\})\);\n\z/;
ok $project, 'what it is about stands at its end';
unlike $project, qr/<|\n/, '... and breaks out of nothing';
$project = JSON::PP->new->utf8->decode($project);
is_deeply [@$project{'name', 'labels', 'storage'}],
          [$name, \@labels, 'cloud'], '... as the child wrote it';
is $project->{id}, $v->{projectid} =~ s/-//gr, '... with its id';
is $project->{urls}{$_}, "$t->{url}$v->{key}/$_", "... and where to $_" for
    'classify', 'status', 'train', 'models';

# a class finds the server under a name of its own
my $other = $t->get("$v->{key}/extension3.js",
                    headers => { host => 'school.example:8123' });
like $other->{body}, qr{"http://school\.example:8123\Q$v->{key}\E/classify"},
     'its addresses are where the browser found the server';

open my $pipe, '|-', 'node', '-e', <<'JS' or die "node: $!\n";
const source = require('fs').readFileSync(0, 'utf8');
let made = null;
const words = new Proxy({}, { get: (_, word) => word });
const Scratch = { extensions: { register: (e) => { made = e; } },
                  BlockType: words, ArgumentType: words, TargetType: words };
const alert = () => { throw new Error('broke out'); };
const fetch = () => new Promise(() => {});
new Function('Scratch', 'postMessage', 'addEventListener', 'alert', 'fetch',
             source)(Scratch, () => {}, () => {}, alert, fetch);
const info = made.getInfo();
const labels = info.menus.labels.items || info.menus.labels;
process.exit(labels.length === 5 ? 0 : 1);
JS
binmode $pipe;
print $pipe $r->{body};
ok close $pipe, 'it is a script that registers its blocks';

$db->close;
MLForKids::Test::done();
