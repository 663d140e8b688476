package DbTrial;

# A private PostgreSQL cluster and nginx with the module, for trials of the
# database layer that no other test may share: the server is stopped, restarted
# and frozen.

use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use File::Temp ();
use HTTP::Tiny;
use IO::Socket::INET;
use JSON::PP ();
use POSIX ();
use Scalar::Util qw(weaken);
use Time::HiRes qw(time sleep);

use MLForKids::Built qw($BUILT patient reports);

my $ROOT   = abs_path(dirname(__FILE__) . '/../..');
my $PG     = (sort glob '/usr/lib/postgresql/*/bin')[-1];
my $MODULE = "$ROOT/$BUILT/module/ngx_http_mlforkids_module.so";

# a key that nobody has: each request for it is one read of the database
our $UNKNOWN = '0123456789abcdef0123456789abcdef' . 'fedcba98' x 5;

my %alive;
my $failed;

# wait => time in the queue; database => more words of the connection string,
# in place of the socket's folder; schema => 0: no tables yet
sub new {
    my ($class, %o) = @_;

    -f $MODULE or die "$MODULE is missing: make module\n";

    my $dir = File::Temp->newdir('mlforkids-db-XXXXXX', TMPDIR => 1);
    my $self = bless { dir => $dir, owner => $$, %o }, $class;
    weaken($alive{$self} = $self);

    # the server refuses root
    if ($> == 0) {
        ($self->{uid}, $self->{gid}) = (getpwnam 'postgres')[2, 3];
        defined $self->{uid} or die "no user postgres\n";
    }

    chmod 0755, "$dir";

    for my $sub ('pg', 'sock', 'run') {
        mkdir "$dir/$sub" or die "$dir/$sub: $!\n";
        chown $self->{uid}, $self->{gid}, "$dir/$sub" if defined $self->{uid};
    }

    $self->{pgport} = free_port();
    $self->{port} = free_port();

    $self->server_run("$PG/initdb", '-E', 'UTF8', '--locale=C.UTF-8', '-A',
                      'trust', '-U', 'postgres', '-D', "$dir/pg");

    write_file("$dir/pg/postgresql.conf", <<"END");
unix_socket_directories = '$dir/sock'
listen_addresses = '127.0.0.1'
port = $self->{pgport}
fsync = off
log_error_verbosity = terse
END

    $self->pg_ctl('start');
    $self->sql('postgres', 'CREATE ROLE app LOGIN', 'CREATE DATABASE app OWNER app');
    $self->migrate() unless exists $o{schema} && !$o{schema};

    return $self;
}

sub free_port {
    my $s = IO::Socket::INET->new(Listen => 1, LocalAddr => '127.0.0.1')
        or die "no free port: $!\n";
    return $s->sockport;
}

sub write_file {
    my ($name, $text) = @_;
    open my $f, '>', $name or die "$name: $!\n";
    print $f $text;
    close $f or die "$name: $!\n";
}

sub read_file {
    my ($name) = @_;
    open my $f, '<', $name or return '';
    local $/;
    return scalar <$f>;
}

# runs a program of the server, as the user who owns it
sub server_run {
    my ($self, @command) = @_;

    my $log = "$self->{dir}/commands.log";
    my $pid = fork // die "fork: $!\n";

    if ($pid == 0) {
        open STDOUT, '>>', $log;
        open STDERR, '>&', \*STDOUT;
        open STDIN, '<', '/dev/null';
        chdir '/';

        if (defined $self->{uid}) {
            $) = "$self->{gid} $self->{gid}";
            POSIX::setgid($self->{gid});
            POSIX::setuid($self->{uid});
        }

        exec @command or POSIX::_exit(127);
    }

    waitpid $pid, 0;
    $? == 0 or die "@command failed:\n" . read_file($log);
}

sub pg_ctl {
    my ($self, $what, @more) = @_;
    $self->server_run("$PG/pg_ctl", '-D', "$self->{dir}/pg", '-w', '-s',
                      '-t', 60, '-l', "$self->{dir}/pg/log", $what, @more);
}

# the postmaster and its children
sub pg_signal {
    my ($self, $signal) = @_;

    my ($main) = read_file("$self->{dir}/pg/postmaster.pid") =~ /^(\d+)/;
    my @children = split ' ', qx(ps -o pid= --ppid $main);

    kill $signal, $main, @children;
}

# statements as the superuser; returns the last one's output
sub sql {
    my ($self, $database, @statements) = @_;

    my @command = ('psql', '-X', '-q', '-A', '-t', '-v', 'ON_ERROR_STOP=1',
                   '-h', "$self->{dir}/sock", '-p', $self->{pgport},
                   '-U', 'postgres', '-d', $database,
                   map { ('-c', $_) } @statements);

    open my $out, '-|', @command or die "psql: $!\n";
    my $text = join '', <$out>;
    close $out or die "psql failed: @statements\n";

    return $text;
}

sub migrate {
    my ($self) = @_;

    for my $file (sort glob "$ROOT/conf/sql/*.sql") {
        $self->sql('app', 'SET ROLE app', 'SET client_min_messages TO warning',
                   'CREATE SCHEMA IF NOT EXISTS mlforkidsdb',
                   'SET search_path TO mlforkidsdb', read_file($file));
    }
}

sub config {
    my ($self) = @_;

    my $dir = $self->{dir};
    my $user = defined $self->{uid} ? 'user postgres;' : '';
    my $database = $self->{database}
                   // "host=$dir/sock port=$self->{pgport}";
    my $wait = $self->{wait} // '500ms';
    my $more = $self->{more} // '';
    my $temp = join '', map { "    ${_}_temp_path $dir/run/$_;\n" }
               qw(client_body proxy fastcgi uwsgi scgi);

    return <<"END";
load_module $MODULE;
$user
worker_processes 2;
pid $dir/run/nginx.pid;
error_log $dir/run/error.log notice;
events { worker_connections 256; }
http {
    log_format route '"\$mlforkids_route" \$status \$mlforkids_db_time';
    access_log $dir/run/access.log route;
    gzip_vary on;
$temp
    mlforkids_database "$database user=app dbname=app";
    mlforkids_database_wait $wait;
    $more
    server {
        listen 127.0.0.1:$self->{port};
        server_name trial;
        location /api { mlforkids on; }
        location = /status { access_log off; mlforkids_status json; }
        location = /metrics { access_log off; mlforkids_status prometheus; }
        location / { root $dir/run; }
    }
}
END
}

sub nginx {
    my ($self, @arguments) = @_;

    my $dir = $self->{dir};

    write_file("$dir/nginx.conf", $self->config);

    my $out = qx(nginx -p $dir/run/ -e $dir/run/error.log -c $dir/nginx.conf @arguments 2>&1);
    $? == 0 or die "nginx @arguments: $out";

    return $out;
}

sub nginx_start {
    my ($self) = @_;

    $self->nginx();
    $self->wait_for('nginx', sub { $self->get('/status')->{status} == 200 });
}

sub nginx_pid {
    my ($self) = @_;
    my ($pid) = read_file("$self->{dir}/run/nginx.pid") =~ /^(\d+)/;
    return $pid;
}

sub nginx_workers {
    my ($self) = @_;
    return split ' ', qx(ps -o pid= --ppid @{[ $self->nginx_pid ]});
}

sub nginx_stop {
    my ($self) = @_;

    my $pid = $self->nginx_pid or return;

    kill 'QUIT', $pid;
    $self->wait_for('end of nginx', sub { !kill 0, $pid });
}

sub http {
    my ($self) = @_;
    return $self->{http}{$$} //= HTTP::Tiny->new(timeout => 60,
                                                 keep_alive => 0);
}

sub get {
    my ($self, $path) = @_;
    return $self->http->get("http://127.0.0.1:$self->{port}$path");
}

# one read of the database: 404 when it answers
sub ask {
    my ($self) = @_;
    return $self->get("/api/scratch/$UNKNOWN/status");
}

sub status {
    my ($self) = @_;
    return JSON::PP::decode_json($self->get('/status')->{content});
}

sub wait_for {
    my ($self, $what, $condition, $seconds) = @_;

    my $end = time + patient($seconds // 60);

    while (time < $end) {
        return 1 if $condition->();
        sleep 0.05;
    }

    die "waited too long for: $what\n" . $self->error_log;
}

# n clients ask until stopped; what they saw comes back as { status => times }
sub load_start {
    my ($self, $n) = @_;

    my @clients;

    for (1 .. $n) {
        pipe my $in, my $out or die "pipe: $!\n";
        my $pid = fork // die "fork: $!\n";

        if ($pid == 0) {
            my (%seen, $stop);
            close $in;
            $SIG{TERM} = sub { $stop = 1 };

            until ($stop) {
                my $r = $self->ask;
                my $kind = $r->{status};

                # HTTP::Tiny's number for what is no response; a signal of
                # ours may end a read
                next if $kind == 599 && $stop;

                $kind .= '-without-retry' if $kind == 503
                                          && !$r->{headers}{'retry-after'};
                $seen{$kind}++;
            }

            print $out JSON::PP::encode_json(\%seen);
            close $out;
            POSIX::_exit(0);
        }

        close $out;
        push @clients, { pid => $pid, in => $in };
    }

    return \@clients;
}

sub load_stop {
    my ($self, $clients) = @_;

    my %seen;

    kill 'TERM', map { $_->{pid} } @$clients;

    for my $client (@$clients) {
        my $in = $client->{in};
        my $text = join '', <$in>;
        waitpid $client->{pid}, 0;

        my $one = JSON::PP::decode_json($text);
        $seen{$_} += $one->{$_} for keys %$one;
    }

    return \%seen;
}

sub error_log {
    my ($self) = @_;
    return read_file("$self->{dir}/run/error.log");
}

# lines that must never be
sub alarms {
    my ($self) = @_;
    return join '', (grep { /\[(?:alert|emerg)\]|exited on signal|open socket/ }
                     split /^/, $self->error_log), reports($self->error_log);
}

# Before perl takes its objects apart in an order of its own, and the folder
# with them.
sub stop {
    my ($self) = @_;

    return if $$ != $self->{owner} || $self->{stopped}++;

    eval { $self->nginx_stop };

    # what comes at the very end, as leaks do, is in no check of the test's own
    if (reports($self->error_log)) {
        $self->error_log =~ /(.*(?:Sanitizer|runtime error:)(?:.*\n){0,40})/;
        print STDERR "# a sanitizer's report:\n$1\n";
        $failed = 1;
    }

    eval { $self->pg_signal('CONT') };
    eval { $self->pg_ctl('stop', '-m', 'immediate') };
}

sub DESTROY {
    my ($self) = @_;

    local ($?, $@);
    $self->stop;
}

END {
    my $status = $?;

    local $SIG{PIPE} = 'IGNORE';
    $_->stop for grep { defined } values %alive;
    $? = $status || $failed || 0;
}

$SIG{$_} = sub { exit 1 } for 'INT', 'TERM', 'HUP';

1;
