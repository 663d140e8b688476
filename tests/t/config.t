#!/usr/bin/perl

# What the environment becomes: the database's connection string, nginx.conf;
# and what nginx does around the module: files, caches, limits, proxies.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use IO::Uncompress::Gunzip ();
use MLForKids::Built qw($BUILT);
use MLForKids::Test;
use Test::More;

my $ROOT = $MLForKids::Test::ROOT;

# ---- connection strings

# conninfo(env): as auto/run would write it
sub conninfo {
    my (%env) = @_;
    my $pid = open my $read, '-|';

    defined $pid or die "fork: $!\n";
    if ($pid == 0) {
        delete @ENV{grep { /^(DATABASE_URL|POSTGRESQL|DEPLOYMENT|MLFORKIDS_)/ }
                    keys %ENV};
        @ENV{keys %env} = values %env;
        exec 'bash', '-euc', '
            ROOT=$1
            . "$1/auto/lib/common.sh"
            . "$1/auto/lib/settings.sh"
            . "$1/auto/lib/config.sh"
            read_settings
            printf "%s%s" "$(connection_string)" "${DB_WARNING:+ WARNING}"',
            'conninfo', $ROOT or die;
    }
    my $text = do { local $/; <$read> };
    close $read;
    return $text;
}

my $cas = "sslmode='verify-full' sslrootcert='/etc/ssl/certs/ca-certificates.crt'";
for my $case (
    ['postgres://u:p@db.example.org/n',
     "dbname='n' host='db.example.org' password='p' $cas user='u'"],
    ['postgresql://u@db.example.org:6432/n',
     "dbname='n' host='db.example.org' port='6432' $cas user='u'"],
    ['postgres://u:p@db.example.org/n?sslmode=require',
     "dbname='n' host='db.example.org' password='p' sslmode='require' user='u'"],
    ['postgres://u:p@db.example.org/n?ssl=true',
     "dbname='n' host='db.example.org' password='p' sslmode='require' user='u'"],
    ['postgres://u:p@db.example.org/n?sslmode=disable',
     "dbname='n' host='db.example.org' password='p' sslmode='disable' user='u'"],
    ['postgres://u:p@db.example.org/n?sslmode=verify-ca&sslrootcert=/x.pem',
     "dbname='n' host='db.example.org' password='p' sslmode='verify-ca'"
     . " sslrootcert='/x.pem' user='u'"],
    ['postgres://u:p@localhost/n', "dbname='n' host='localhost' password='p' user='u'"],
    ['postgres://u:p@127.0.0.1:5432/n',
     "dbname='n' host='127.0.0.1' password='p' port='5432' user='u'"],
    ['postgres://u:p@[::1]:5432/n',
     "dbname='n' host='::1' password='p' port='5432' user='u'"],
    ['postgres:///n?host=/run/pg&user=u', "dbname='n' host='/run/pg' user='u'"],
    ['postgres://%2Frun%2Fpg/n', "dbname='n' host='/run/pg'"],
    ['postgres://u%40a:p%27%5C%20%22%24x%25@localhost/n%2Fm',
     "dbname='n/m' host='localhost' password='p\\'\\\\ \"\$x%' user='u\@a'"],
    ['postgres://u:p@w:x@localhost/n',
     "dbname='n' host='localhost' password='p\@w:x' user='u'"],
) {
    my ($url, $expected) = @$case;
    is(conninfo(DATABASE_URL => $url), $expected, $url);
}

is(conninfo(DATABASE_URL => 'postgres://u:p@db.example.org/n', DEPLOYMENT => 'heroku'),
   "dbname='n' host='db.example.org' password='p' sslmode='require' user='u' WARNING",
   'DEPLOYMENT=heroku: require, and a warning');
is(conninfo(DATABASE_URL => 'postgres://u:p@db.example.org/n?sslmode=verify-full',
            DEPLOYMENT => 'heroku'),
   "dbname='n' host='db.example.org' password='p' $cas user='u'",
   'DEPLOYMENT=heroku: the address wins');
is(conninfo(POSTGRESQLHOST => 'db.example.org', POSTGRESQLPORT => 5433,
            POSTGRESQLUSER => 'u', POSTGRESQLPASSWORD => "p'", POSTGRESQLDATABASE => 'n',
            POSTGRESQLCERT => '/ca.pem'),
   "dbname='n' host='db.example.org' password='p\\'' port='5433'"
   . " sslmode='verify-full' sslrootcert='/ca.pem' user='u'", 'POSTGRESQL*');
is(conninfo(), '', 'nothing: embedded');

# ---- an instance behind proxies

my $t = MLForKids::Test->start(env => {
    TRUSTED_PROXIES => '127.0.0.0/8,10.0.0.0/8', SITE_HOST_URL => 'https://ml.example.org/',
});
my $conf = MLForKids::Test::read_file("$t->{state}/nginx.conf");
like($conf, qr/mlforkids_site_url "https:\/\/ml\.example\.org";/, 'SITE_HOST_URL');
like($conf, qr/set_real_ip_from 10\.0\.0\.0\/8;/, 'TRUSTED_PROXIES');

sub visitor {
    my ($from) = @_;
    return $t->post('/api/sessionusers', json => {},
                    headers => { 'x-forwarded-for' => $from })->{status};
}
my @statuses = map { visitor('203.0.113.7') } 1 .. 110;
is(scalar(grep { $_ == 201 } @statuses[0 .. 99]), 100, 'a class of 100 gets in');
my $r = $t->post('/api/sessionusers', json => {},
                 headers => { 'x-forwarded-for' => '203.0.113.7' });
is($r->{status}, 429, 'then the limit for an address');
is_deeply($r->{json}, { error => 'Too many requests' }, 'as JSON');
ok($r->{headers}{'retry-after'}, 'with Retry-After');
is(visitor('203.0.113.8'), 201, 'another address is not limited');
is(visitor('203.0.113.7, 10.1.2.3'), 429, 'a proxy in between is looked through');
is(visitor('127.0.0.1, 203.0.113.7'), 429, 'what a client claims does not count');
is($t->post('/api/sessionusers', json => {})->{status}, 201, 'loopback is free');
is($t->get('/status', headers => { 'x-forwarded-for' => '203.0.113.7' })->{status},
   403, 'counters are for this machine');
is($t->get('/status')->{status}, 200, 'and it gets them');
like($t->get('/metrics')->{body}, qr/^# (HELP|TYPE) mlforkids/m, 'for Prometheus, too');

# ---- files

$r = $t->get('/');
is($r->{status}, 200, 'the start page');
is($r->{headers}{'content-type'}, 'text/html; charset=utf-8', 'its type');
is($r->{headers}{'cache-control'}, 'public, max-age=3600', 'kept for an hour');
like($r->{headers}{'content-security-policy'}, qr/^default-src 'self'; script-src 'self';/,
     'a policy for pages');
is($r->{headers}{'x-content-type-options'}, 'nosniff', 'and the other headers');
is($t->request('HEAD', '/')->{status}, 200, 'HEAD');
my ($script) = $r->{body} =~ m{src="(/static/[^"]+\.js)"};

my $plain = $t->get($script);
is($plain->{status}, 200, 'the script');
is($plain->{headers}{'cache-control'}, 'public, max-age=31536000', 'kept for a year');
ok(!$plain->{headers}{'content-security-policy'}, 'the policy is for pages only');
my $zipped = $t->get($script, headers => { 'accept-encoding' => 'gzip' });
is($zipped->{headers}{'content-encoding'}, 'gzip', 'compressed on demand');
IO::Uncompress::Gunzip::gunzip(\$zipped->{body}, \my $unzipped);
is($unzipped, $plain->{body}, 'and the same');
is($t->get($script, headers => { 'if-none-match' => $plain->{headers}{etag} })->{status},
   304, 'not sent twice');
is($t->get($script, headers => { range => 'bytes=0-9' })->{status}, 206, 'ranges');

$r = $t->get('/scratch/');
is($r->{status}, 200, 'the Scratch page');
like($r->{headers}{'content-security-policy'}, qr/'unsafe-eval' 'sha256-/,
     'with a policy of its own');
is($t->get('/scratch/nothing.js')->{status}, 404, 'what is not there');
is($t->get('/scratch/.editor')->{status}, 404, 'dot-files are never served');
is($t->get('/scratch/%2eeditor')->{status}, 404, 'in whatever way they are asked for');

for my $path ('/.git/config', '/%2egit/config', '/static/../.git/config',
              '/static/..%2f..%2f..%2fMakefile', '/nothing.html', '/static/nothing.js') {
    my $r = $t->get($path, headers => { accept => 'application/json' });
    like("$r->{status} $r->{body}", qr/^(404 \{"error":"Not found"\}|400 \{"error":"Missing data"\})$/,
         "$path: not found");
    $r = $t->get($path, headers => { accept => 'text/html' });
    like($r->{status}, qr/^(302|400)$/, "$path: a browser is sent to the page for it");
}
is($t->post('/index.html', json => {}, headers => { accept => 'application/json' })
       ->{status}, 404, 'POST to a file');
$r = $t->get('/about', headers => { accept => 'text/html' });
is("$r->{status} $r->{headers}{location}", '302 /#!/about', 'redirects of pages');

# what nginx refuses itself is JSON
$t->{http}->close;
$r = $t->{http}->raw("GET / HTTP/1.1\r\n\r\n");
is("$r->{status} $r->{body}", '400 {"error":"Missing data"}', 'no Host');
$t->{http}->close;
$r = $t->{http}->raw("GET /" . 'x' x 20000 . " HTTP/1.1\r\nHost: a\r\n\r\n");
is("$r->{status} $r->{body}", '400 {"error":"Missing data"}', 'a huge address');
$t->{http}->close;
$r = $t->{http}->raw("POST /api/sessionusers HTTP/1.1\r\nHost: a\r\n"
                     . "Content-Type: application/json\r\nContent-Length: 9000000\r\n\r\n");
is("$r->{status} $r->{body}", '413 {"error":"Payload too large"}', 'a huge body');
$t->{http}->close;

# ---- another database: that of the first, as if it were remote

my $second = MLForKids::Test->start(env => {
    DATABASE_URL => "postgres:///mlforkidsdb?host=$t->{state}/run&user=mlforkids" });
ok(!-e "$second->{state}/pg", 'no database of its own');
is($second->sql('SELECT count(*) > 100 FROM sessionusers'), 't',
   'auto/psql is on the one given');
is($second->post('/api/sessionusers', json => {})->{status}, 201, 'and it works');
$second->stop;

# ---- the hand-written nginx.conf, with the paths of this machine

my $hand = MLForKids::Test::read_file("$ROOT/conf/nginx.conf");
my $port = MLForKids::Test::free_port();
$hand =~ s{/run/mlforkids/training\.sock}{$t->{state}/run/training.sock};
$hand =~ s{/run/mlforkids/}{$t->{dir}/}g;
$hand =~ s{/var/log/mlforkids/}{$t->{dir}/}g;
$hand =~ s{host=/run/postgresql}{host=$t->{state}/run};
$hand =~ s{127\.0\.0\.1:8000}{127.0.0.1:$port};
$hand =~ s{user www-data;}{user mlforkids;} if $> == 0;
$hand =~ s{user www-data;\n}{} if $> != 0;
# where the system user can read it: the checkout may be closed to it
my $app = "$t->{state}/app";
$hand =~ s{include (mlforkids_\w+\.conf)}{include $app/conf/$1}g;
$hand =~ s{\.\./build}{$app/build}g;
$hand =~ s{load_module build/}{load_module $BUILT/};
$hand =~ s{http \{}{daemon off;\nhttp \{ client_body_temp_path $t->{dir}/b; proxy_temp_path $t->{dir}/p;
    fastcgi_temp_path $t->{dir}/f; uwsgi_temp_path $t->{dir}/u; scgi_temp_path $t->{dir}/s;};
MLForKids::Test::write_file("$t->{dir}/hand.conf", $hand);

local $ENV{PATH} = "$ENV{PATH}:/usr/sbin";
my $nginx = fork;
if ($nginx == 0) {
    open STDERR, '>', "$t->{dir}/hand.log";
    exec 'nginx', '-e', 'stderr', '-p', $app, '-c', "$t->{dir}/hand.conf" or die;
}
my $http = MLForKids::HTTP->new($port);
$t->until(sub { $http->request('GET', '/api')->{status} == 200 }, 'nginx by hand');
is($http->request('GET', '/')->{status}, 200, 'conf/nginx.conf serves the site');
$t->until(sub { $http->request('POST', '/api/sessionusers', {})->{status} == 201 },
          'its database');
pass('and the API');
kill 'QUIT', $nginx;
waitpid $nginx, 0;
is($?, 0, 'and stops');
unlike(MLForKids::Test::read_file("$t->{dir}/hand.log"), qr/\[(warn|emerg)\]/,
       'without a warning');

MLForKids::Test::done();
