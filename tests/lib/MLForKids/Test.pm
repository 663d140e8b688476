package MLForKids::Test;

# An instance of the whole system for a test: its own state folder and port,
# started by auto/run --detach, stopped and looked through at the end.
#
#     my $t = MLForKids::Test->start(env => { MLFORKIDS_TEXT_BACKEND => 'watson' });
#     my $token = $t->token(sub => 'auth0|..', role => 'student', tenant => 'c');
#     my $r = $t->get('/api/classes/c/..', token => $token);
#     is($r->{status}, 200);  is($r->{json}{name}, ..);
#
# At the end of the program done() runs by itself if the test did not call it:
# it checks that no log holds an alert or a sanitizer's report and that nothing
# is left of the instance, then prints the plan.

use strict;
use warnings;

use Carp qw(croak);
use Cwd qw(abs_path);
use File::Basename qw(dirname);
use File::Temp ();
use Fcntl qw(:flock);
use File::Spec ();
use IO::Socket::INET;
use JSON::PP ();
use MIME::Base64 qw(encode_base64url);
use Test::More ();
use Time::HiRes qw(sleep time);

use MLForKids::Built qw($BUILT patient reports);
use MLForKids::HTTP ();

our $ROOT = abs_path(dirname(__FILE__) . '/../../..');
our $NS = 'https://machinelearningforkids.co.uk/api/';
our $ISSUER = 'https://login.example.org/';

my %instances;

# start(env => {}, http => 'directives', server => 'directives', key => FILE,
#       wait => 0): starts one; dies when it does not become healthy.
# env: further environment; http, server: more for nginx.conf; key: RSA key in
# PEM, else a new one.
sub start {
    my ($class, %o) = @_;

    my $self = $class->prepare(%o);
    my ($status, $out) = $self->run;
    if ($status != 0) {
        croak "auto/run failed:\n$out";
    }

    return $self;
}

# The same without starting: for tests of auto/run itself.
sub prepare {
    my ($class, %o) = @_;

    my $dir = File::Temp->newdir('mlforkids-test-XXXXXX', TMPDIR => 1);
    chmod 0755, "$dir";

    my $self = bless {
        dir => $dir, state => "$dir/state", port => free_port(), pid => $$,
        kid => $o{kid} || 'recordings', allowed => [], secrets => [],
        stopped => 1,
    }, $class;

    $self->{url} = "http://127.0.0.1:$self->{port}";
    $self->{http} = MLForKids::HTTP->new($self->{port});
    $self->make_key($o{key});

    $self->{env} = {
        MLFORKIDS_NO_BUILD => 1, MLFORKIDS_BUILD => $BUILT,
        MLFORKIDS_STATE => $self->{state},
        PORT => $self->{port}, MLFORKIDS_ISSUER => $ISSUER,
        MLFORKIDS_JWKS_FILE => "$dir/jwks.json", %{ $o{env} || {} },
    };

    for my $part ('http', 'server') {
        $self->nginx_extra($part, $o{$part}) if defined $o{$part};
    }

    $instances{$self} = $self;

    return $self;
}

# a port that was free a moment ago, not given out twice by tests side by side
sub free_port {
    for (1 .. 100) {
        my $s = IO::Socket::INET->new(Listen => 1, LocalAddr => '127.0.0.1',
                                      Proto => 'tcp') or die "no port: $!\n";
        my $port = $s->sockport;
        close $s;

        open my $lock, '>>', File::Spec->tmpdir . "/.mlforkids-port-$port"
            or next;
        if (flock $lock, LOCK_EX | LOCK_NB) {
            our %ports;
            $ports{$port} = $lock;
            return $port;
        }
    }

    die "no free port\n";
}

END {
    our %ports;
    for my $port (keys %ports) {
        unlink File::Spec->tmpdir . "/.mlforkids-port-$port";
    }
}

# more for http { } or server { } of nginx.conf; before start, or with reload
sub nginx_extra {
    my ($self, $part, $text) = @_;

    mkdir $self->{state};
    mkdir "$self->{state}/nginx.d";
    write_file("$self->{state}/nginx.d/$part-test.conf", $text);
}

# ---------------------------------------------------------------- commands

# command('run', '--detach', {env}): (exit status, its output)
sub command {
    my ($self, $name, @args) = @_;
    my $env = ref $args[-1] ? pop @args : {};
    my $input = delete $env->{stdin};

    my $pid = open my $out, '-|';
    defined $pid or die "fork: $!\n";

    if ($pid == 0) {
        delete @ENV{grep { /^(DATABASE_URL|POSTGRESQL|PG|MLFORKIDS_|SITE_HOST)/ }
                    keys %ENV};
        delete @ENV{qw(TRUSTED_PROXIES DEPLOYMENT MAINTENANCE_MODE HOST)};
        for my $set ($self->{env}, $env) {
            for (keys %$set) {
                if (defined $set->{$_}) { $ENV{$_} = $set->{$_} }
                else { delete $ENV{$_} }
            }
        }
        if (defined $input) {
            open my $in, '+>', undef or die;
            binmode $in;
            print $in $input;
            seek $in, 0, 0;
            open STDIN, '<&', $in or die;
        }
        else {
            open STDIN, '<', '/dev/null' or die;
        }
        open STDERR, '>&', \*STDOUT or die;
        exec { "$ROOT/auto/$name" } "$ROOT/auto/$name", @args
            or die "$name: $!\n";
    }

    my $text = do { local $/; <$out> };
    close $out;

    return ($? & 127 ? 128 + ($? & 127) : $? >> 8, defined $text ? $text : '');
}

sub run {
    my ($self, @rest) = @_;

    $self->{stopped} = 0;
    $self->{used} = 1;
    return $self->command('run', '--detach', @rest);
}

sub stop {
    my ($self) = @_;

    $self->{stopped} = 1;
    my ($status, $out) = $self->command('stop');
    $status == 0 or croak "auto/stop failed:\n$out";
    $self->{http}->close;
}

# rows of a query, each a list of texts; NULL is undef; values as psql's
# variables: sql("SELECT :'a'", a => 1)
sub sql {
    my ($self, $sql, %vars) = @_;

    my ($status, $out) = $self->command('psql', '-X', '-q', '-At', '-F', "\x1f",
        '-R', "\x1e", '-P', 'null=' . "\x1d", '-v', 'ON_ERROR_STOP=1',
        (map { ('-v', "$_=$vars{$_}") } sort keys %vars), { stdin => "$sql\n" });
    $status == 0 or croak "SQL failed: $out";
    chomp $out;

    my @rows = map { [map { $_ eq "\x1d" ? undef : $_ } split /\x1f/, $_, -1] }
        split /\x1e/, $out, -1;
    return wantarray ? @rows : $rows[0] ? $rows[0][0] : undef;
}

# sv('down', 'training'): of runit, on one of our services
sub sv {
    my ($self, $what, $service) = @_;

    system('sv', $what, "$self->{state}/sv/$service") == 0
        or croak "sv $what $service failed";
}

# pid of a service's process, 0 when it is down
sub service_pid {
    my ($self, $service) = @_;
    return read_file("$self->{state}/sv/$service/supervise/pid") =~ /(\d+)/
        ? $1 : 0;
}

# until(sub { .. }, what, seconds): waits for a condition; dies after 30 s,
# with sanitizers later
sub until {
    my ($self, $condition, $what, $seconds) = @_;
    my $end = time + patient($seconds || 30);

    while (1) {
        my $value = $condition->();
        return $value if $value;
        time < $end or croak 'waited in vain for ' . ($what || 'a condition');
        sleep 0.05;
    }
}

# ---------------------------------------------------------------- requests

# get($path, token => .., headers => {..}, json => .., body => .., type => ..):
# { status, headers, body, json }
sub get    { my $t = shift; $t->request('GET', @_) }
sub post   { my $t = shift; $t->request('POST', @_) }
sub put    { my $t = shift; $t->request('PUT', @_) }
sub patch  { my $t = shift; $t->request('PATCH', @_) }
sub delete { my $t = shift; $t->request('DELETE', @_) }

sub request {
    my ($self, $method, $path, %o) = @_;
    my %headers = (accept => 'application/json', %{ $o{headers} || {} });
    my $body = $o{body};

    if (exists $o{json}) {
        $body = JSON::PP->new->utf8->canonical->allow_nonref->encode($o{json});
        $headers{'content-type'} ||= 'application/json';
    }
    $headers{'content-type'} = $o{type} if defined $o{type};
    $headers{authorization} = "Bearer $o{token}" if defined $o{token};

    my $r = $self->{http}->request($method, $path, \%headers, $body);
    if (($r->{headers}{'content-type'} || '') =~ m{^application/json}
        && length $r->{body}) {
        $r->{json} = eval { JSON::PP->new->utf8->allow_nonref
                            ->decode($r->{body}) };
    }

    return $r;
}

# A visitor's session: { id, token, .. } as the server gave it.
sub session {
    my ($self) = @_;

    my $r = $self->post('/api/sessionusers', json => { turnstile => 'test' });
    $r->{status} == 201 or croak "no session: $r->{status} $r->{body}";
    return $r->{json};
}

# a class of its own, with a student's and a teacher's token
sub class {
    my ($self, %row) = @_;
    my $id = 'class' . unique();

    %row = (id => $id, projecttypes => 'text,imgtfjs,numbers,sounds',
            maxusers => 8, maxprojectsperuser => 3, textclassifiersexpiry => 2,
            ismanaged => 0, %row);
    my @names = sort keys %row;
    $self->sql('INSERT INTO tenants (' . join(', ', @names) . ') VALUES ('
               . join(', ', map { ":'$_'" } @names) . ')', %row);

    my ($student, $teacher) = map { 'auth0|' . unique(24) } 1, 2;
    return {
        id => $row{id}, student => $student, teacher => $teacher,
        student_token => $self->token(sub => $student, role => 'student',
                                      tenant => $row{id}),
        teacher_token => $self->token(sub => $teacher, role => 'supervisor',
                                      tenant => $row{id}),
    };
}

# token(sub => .., role => .., tenant => .., claims => {..}, header => {..},
#       key => FILE): a signed account token; an undef in claims or header
#       leaves the member out
sub token {
    my ($self, %o) = @_;
    my $now = int time;

    my %claims = (iss => $ISSUER, aud => 'recordings', iat => $now - 5,
                  exp => $now + 3600);
    $claims{sub} = $o{sub} if defined $o{sub};
    $claims{$NS . 'role'} = $o{role} if defined $o{role};
    $claims{$NS . 'tenant'} = $o{tenant} if defined $o{tenant};
    %claims = (%claims, %{ $o{claims} || {} });
    my %header = (alg => 'RS256', typ => 'JWT', kid => $self->{kid},
                  %{ $o{header} || {} });

    for my $set (\%claims, \%header) {
        delete @$set{grep { !defined $set->{$_} } keys %$set};
    }

    my $json = JSON::PP->new->utf8->canonical;
    my $input = join '.', map { encode_base64url($json->encode($_)) }
        \%header, \%claims;
    my $token = $input . '.'
        . encode_base64url($self->sign($input, $o{key} || $self->{key}));
    push @{ $self->{secrets} }, $token;

    return $token;
}

sub sign {
    my ($self, $input, $key) = @_;
    my $file = "$self->{dir}/input";

    write_file($file, $input);
    open my $out, '-|', 'openssl', 'dgst', '-sha256', '-sign', $key, $file
        or die "openssl: $!\n";
    binmode $out;
    my $signature = do { local $/; <$out> };
    close $out or die "openssl failed\n";

    return $signature;
}

# make_key(FILE): the key of the issuer and its set
sub make_key {
    my ($self, $key) = @_;

    $self->{key} = $key || "$self->{dir}/key.pem";
    $self->new_key($self->{key}) if !defined $key;
    write_file("$self->{dir}/jwks.json",
               $self->key_set($self->{kid} => $self->{key}));
    chmod 0644, "$self->{dir}/jwks.json";
}

sub new_key {
    my ($self, $file, $bits) = @_;
    $bits ||= 2048;
    my $out = `openssl genrsa -out '$file' $bits 2>&1`;
    $? == 0 or die "openssl genrsa: $out\n";
}

# key_set(kid => FILE, ..): a JWKS as text
sub key_set {
    my ($self, @keys) = @_;
    my @set;

    while (my ($kid, $file) = splice @keys, 0, 2) {
        my ($n) = `openssl rsa -in '$file' -noout -modulus` =~ /=([0-9A-F]+)/
            or die "openssl rsa failed\n";
        push @set, { kty => 'RSA', use => 'sig', alg => 'RS256', kid => $kid,
                     n => encode_base64url(pack 'H*', $n), e => 'AQAB' };
    }

    return JSON::PP->new->canonical->encode({ keys => \@set });
}

# ---------------------------------------------------------------- the end

sub log_files {
    my ($self) = @_;
    return sort grep { -f } glob("$self->{state}/log/*"),
        glob("$self->{state}/log/*/*"), glob("$self->{dir}/*.log");
}

# all logs in one text
sub log_text {
    my ($self) = @_;
    return join '', map { read_file($_) } $self->log_files;
}

# a text (a child's, a password, ..) that must not be in any log at the end
sub secret {
    my ($self, @texts) = @_;
    push @{ $self->{secrets} }, @texts;
}

# a pattern of alert lines that this test causes on purpose
sub allow { my ($self, $pattern) = @_; push @{ $self->{allowed} }, $pattern }

# processes that work in the state folder
sub processes {
    my ($self) = @_;
    my @found;

    for my $proc (glob '/proc/[0-9]*') {
        my ($pid) = $proc =~ /(\d+)/;
        next if $pid == $$;
        my $args = eval { read_file("$proc/cmdline") } || '';
        my $cwd = readlink "$proc/cwd";
        $args =~ tr/\0/ /;
        if (index("$args ", $self->{state}) >= 0
            || defined $cwd && index("$cwd/", "$self->{state}/") == 0) {
            push @found, "$pid $args";
        }
    }

    return @found;
}

sub check_end {
    my ($self) = @_;

    $self->stop if !$self->{stopped};
    return if $self->{checked}++ || !$self->{used};

    my $text = $self->log_text;
    my @alerts = grep { /\[(alert|emerg)\]|PANIC:|segfault|core dumped/ }
        split /\n/, $text;
    for my $pattern (@{ $self->{allowed} }) {
        @alerts = grep { $_ !~ $pattern } @alerts;
    }
    Test::More::is(join("\n", @alerts), '', 'no alerts in the logs');
    Test::More::is(join("\n", reports($text)), '', 'no sanitizer report');

    my @found = $self->leaks;
    Test::More::is(join("\n", @found), '', 'no secrets in the logs');

    my @left = eval { $self->until(sub { !$self->processes }, '', 10); 1 }
        ? () : $self->processes;
    Test::More::is(join("\n", @left), '', 'no process is left');
}

# leaks(): "file: what" for each secret that stands in a log.  Beside those the
# test has named: anything that looks like a token or a Scratch key.
sub leaks {
    my ($self) = @_;
    my %seen = map { $_ => 1 } grep { length } @{ $self->{secrets} };
    my @found;

    for my $file ($self->log_files) {
        my $text = read_file($file);
        (my $name = $file) =~ s{^\Q$self->{dir}\E/}{};

        for my $secret (keys %seen) {
            if (index($text, $secret) >= 0) {
                push @found, "$name: " . substr($secret, 0, 12) . '...';
            }
        }
        if ($text =~ /(eyJ[\w-]{8,}\.[\w-]{8,})/) {
            push @found, "$name: a token";
        }
        # two ids in a row are a Scratch key, with or without hyphens
        if ($text =~ /[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{20}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}|\b[0-9a-f]{64,}\b/) {
            push @found, "$name: a Scratch key";
        }
    }

    return @found;
}

# stops all, checks, ends the test
sub done {
    $_->check_end for grep { defined } values %instances;
    Test::More::done_testing()
        if !Test::More->builder->{Done_Testing} && !Test::More->builder->has_plan;
}

END {
    my $status = $?;
    my $builder = Test::More->builder;

    for my $self (grep { defined } values %instances) {
        next if $self->{pid} != $$;
        if ($status == 0 && !$builder->{Done_Testing}) {
            $self->check_end;
        }
        elsif (!$self->{stopped}) {
            eval { $self->stop; 1 } or warn $@;
        }
        if (!$builder->is_passing || $status) {
            print STDERR "# logs:\n";
            print STDERR map { "# $_\n" }
                (split /\n/, eval { $self->log_text } || '')[-40 .. -1]
                if ($self->log_text =~ tr/\n//) >= 40;
        }
        $self->clean;
    }

    if ($status == 0 && %instances && !$builder->{Done_Testing}
        && !$builder->has_plan) {
        $builder->done_testing;
    }
    $? = $status || $?;
}

# what auto/run put elsewhere, because its user could not enter our folder
sub clean {
    my ($self) = @_;
    if (-l $self->{state} && readlink($self->{state}) =~ m{^/var/lib/mlforkids/}) {
        system('rm', '-rf', '--', readlink $self->{state});
    }
}

# ---------------------------------------------------------------- files

sub read_file {
    my ($file) = @_;
    open my $in, '<:raw', $file or return '';
    my $text = do { local $/; <$in> };
    return defined $text ? $text : '';
}

sub write_file {
    my ($file, $text) = @_;
    open my $out, '>:raw', $file or die "$file: $!\n";
    print $out $text or die "$file: $!\n";
    close $out or die "$file: $!\n";
}

my $counter = 0;

# unique(n): hexadecimal digits that no other test has
sub unique {
    my ($n) = @_;
    return substr sprintf('%08x%06x%04x%08x', time, $$, ++$counter,
                          int rand 2**32), -($n || 20);
}

1;
