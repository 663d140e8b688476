#!/usr/bin/perl

# No log line holds a Scratch key, a token, a password or what a child wrote,
# whatever goes wrong.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use MLForKids::Test;
use Test::More;

my $t = MLForKids::Test->start;

# words of a child, each in a place of its own
my %text = map { $_ => "zebra${_}marker" . MLForKids::Test::unique() }
    qw(item data label query body broken test path train);
$t->secret(values %text);

my $session = $t->session;
my $token = $session->{jwt};
$t->secret($token, $session->{token});
my $base = "/api/classes/session-users/students/$session->{id}/projects";

my $r = $t->post($base, token => $token,
                 json => { type => 'text', name => 'logs', language => 'en' });
is($r->{status}, 201, 'a project') or BAIL_OUT($r->{body});
my $p = "$base/$r->{json}{id}";

for my $label ('happy', 'sad') {
    is($t->patch($p, token => $token, json => [{ op => 'add', path => '/labels',
        value => $label }])->{status}, 200, "label $label");
    is($t->post("$p/training", token => $token, json => {
        data => "$text{item} $label $_", label => $label })->{status}, 201,
        'an example') for 1 .. 3;
}
is($t->post("$p/models", token => $token, json => {})->{status}, 201, 'training');
my $model;
$t->until(sub {
    ($model) = @{ $t->get("$p/models", token => $token)->{json} || [] };
    $model && $model->{status} eq 'Available';
}, 'the model');
is($t->post("$p/models/$model->{classifierid}/label", token => $token,
    json => { text => $text{test}, type => 'text',
              credentialsid => $model->{credentialsid} })->{status}, 200, 'tested');

my ($row) = @{ $t->get("$p/scratchkeys", token => $token)->{json} };
my $key = $row->{id};
ok(length $key > 60, 'a Scratch key');
$t->secret($key);

# good and bad requests, with words wherever a client can put them
my $s = "/api/scratch/$key";
is($t->get("$s/classify?data=$text{data}")->{status}, 200, 'classified');
my @requests = (
    ['GET', "$s/classify?data=$text{data}&data=$text{query}"],
    ['GET', "$s/classify"],
    ['GET', "$s/nothing/$text{path}"],
    ['GET', "$s/../$key/classify?data=$text{data}"],
    ['GET', "/$key/$text{path}?data=$text{query}"],
    ['GET', "/static/$key/$text{path}"],
    ['GET', "/scratch/$key/$text{path}"],
    ['GET', "/.$text{path}/$key"],
    ['GET', "/%00$text{path}/$key"],
    ['GET', "/%zz$text{path}/$key"],
    ['GET', "/api/scratch/$key%2fclassify?data=$text{data}"],
    ['POST', "$s/classify?$text{query}", { body => "{\"data\":\"$text{broken}" }],
    ['POST', "$s/classify", { json => { data => $text{body} x 200000 } }],
    ['POST', "$s/train", { json => { data => $text{train}, label => $text{label} } }],
    ['POST', "$s/train", { json => { data => $text{train}, label => 'sad' } }],
    ['POST', "/static/$key", { json => { data => $text{body} } }],
    ['GET', "$p?$text{query}", { token => "$token.$text{query}" }],
    ['GET', $p, { headers => { authorization => "Basic $text{query}" } }],
    ['POST', "$p/training", { token => $token, json => { data => $text{item} x 80,
                                                         label => 'sad' } }],
    ['GET', "$s/classify?data=" . $text{data} x 900],
);
for my $request (@requests) {
    my ($method, $path, $o) = @$request;
    my $r = $t->request($method, $path, %{ $o || {} },
                        type => $o && exists $o->{body} ? 'application/json' : undef);
    cmp_ok($r->{status}, '>=', 200, "$method: an answer ($r->{status})");
    isnt($r->{status}, 500, 'and not a fault');
}

# bytes that are no request
$t->{http}->close;
for my $raw ("GET /$key?$text{query} HTTP/9.9\r\n\r\n",
             "GET $s/classify?data=$text{data} HTTP/1.1\r\nhost: a\r\n"
                 . "authorization\x01: $text{query}\r\n\r\n",
             "$text{query} $key\r\n\r\n",
             "GET /$key HTTP/1.1\r\nhost: a\r\nx: " . $text{query} x 2000
                 . "\r\n\r\n",
             "POST $s/classify HTTP/1.1\r\nhost: a\r\ncontent-length: x\r\n\r\n") {
    my $r = $t->{http}->raw($raw);
    like($r->{status}, qr/^[045]/, 'no request: refused');
    $t->{http}->close;
}

# the same with parts of the system away
$t->sv('down', 'training');
$t->until(sub { !$t->service_pid('training') }, 'the worker\'s end');
isnt($t->get("$s/classify?data=$text{data}")->{status}, 200, 'no worker');
$t->sv('up', 'training');

my $password = 'swordfish' . MLForKids::Test::unique();
$t->secret($password);
$t->command('psql', '-At', { stdin => "SELECT '$text{item}'::int;\n" });

$t->sv('down', 'postgres');
$t->until(sub { !$t->service_pid('postgres') }, 'the database\'s end');
$r = $t->get("$s/classify?data=$text{data}");
is($r->{status}, 503, 'no database');
$r = $t->post("$p/training", token => $token,
              json => { data => $text{item}, label => 'sad' });
is($r->{status}, 503, 'no database');
ok($r->{headers}{'retry-after'}, 'and when to try again');
$t->sv('up', 'postgres');
$t->until(sub { $t->get("$s/classify?data=x")->{status} == 200 }, 'recovery');
pass('all is back without a restart');

my ($status, $out) = $t->command('run', '--detach', { PORT => 1,
    DATABASE_URL => "postgres://u:$password\@localhost/d" });
like($out, qr/already running/, 'another start');

like($t->log_text, qr{"GET /api/scratch/:k/classify" 200 },
     'the access log names routes');

MLForKids::Test::done();
