package ApiTrial;

# nginx with the module and a database of its own, and callers with tokens:
# for tests of the API's rules.

use strict;
use warnings;

use parent 'DbTrial';

use IO::Select;
use IO::Socket::INET;
use JSON::PP ();
use MIME::Base64 qw(encode_base64url);

our $ISSUER = 'https://login.example.org/';
our $CLAIM  = 'https://machinelearningforkids.co.uk/api/';

my $JSON = JSON::PP->new->canonical->allow_nonref;

# more => directives in http; server => directives in server
sub new {
    my ($class, %o) = @_;

    my $self = DbTrial::new($class, %o);

    $self->{key} = $self->new_key('key.pem');
    $self->write_keys(keys => [$self->public_key($self->{key}, 'first')]);

    $self->nginx_start;
    $self->wait_for('database', sub { $self->ask->{status} == 404 });

    return $self;
}

sub config {
    my ($self) = @_;

    my $dir = $self->{dir};
    my $server = $self->{server} // '';
    my $more = $self->{more} // '';

    $more .= " mlforkids_issuer $ISSUER jwks=$dir/keys.json;"
           . ' mlforkids_text_backend builtin;'
           . " mlforkids_site_url http://127.0.0.1:$self->{port};";

    my $text = do {
        local $self->{more} = $more;
        $self->SUPER::config;
    };

    my $root = "location / { root $dir/run; }";

    $text =~ s{\Q$root\E}{
        $server
        error_page 405 = \@mlforkids;
        location / { root $dir/run/www; try_files \$uri \@mlforkids; }
        location \@mlforkids { mlforkids on; }
    } or die "unexpected configuration\n";

    $text =~ s{location /api }{location ~* ^/api(/|\$) };

    return $text;
}

# ---- keys and tokens

sub new_key {
    my ($self, $name, $bits) = @_;

    my $file = "$self->{dir}/$name";
    $bits //= 2048;

    system("openssl genrsa $bits > $file 2>/dev/null") == 0
        or die "openssl genrsa failed\n";

    return $file;
}

sub public_key {
    my ($self, $file, $kid) = @_;

    my ($n) = qx(openssl rsa -in $file -modulus -noout) =~ /Modulus=(\w+)/
        or die "openssl rsa failed\n";

    return { kty => 'RSA', kid => $kid, use => 'sig', alg => 'RS256',
             e => 'AQAB', n => encode_base64url(pack 'H*', $n) };
}

sub write_keys {
    my ($self, %set) = @_;
    $self->write_key_file($JSON->encode(\%set));
}

sub write_key_file {
    my ($self, $text) = @_;
    DbTrial::write_file("$self->{dir}/keys.new", $text);
    chmod 0644, "$self->{dir}/keys.new";
    rename "$self->{dir}/keys.new", "$self->{dir}/keys.json" or die "$!\n";
}

# a token of an account; header, payload: members to add or (undef) to leave
# out; key, kid: another key
sub token {
    my ($self, $sub, $role, $tenant, %o) = @_;

    my %header = (alg => 'RS256', typ => 'JWT', kid => $o{kid} // 'first',
                  %{ $o{header} // {} });
    my %payload = (iss => $ISSUER, sub => $sub, exp => time + 3600,
                   "${CLAIM}role" => $role, "${CLAIM}tenant" => $tenant,
                   %{ $o{payload} // {} });

    for my $part (\%header, \%payload) {
        defined $part->{$_} or delete $part->{$_} for keys %$part;
    }

    return $self->sign($JSON->encode(\%header), $JSON->encode(\%payload),
                       $o{key});
}

# any two texts as header and payload
sub sign {
    my ($self, $header, $payload, $key) = @_;

    my $input = encode_base64url($header) . '.' . encode_base64url($payload);

    DbTrial::write_file("$self->{dir}/input", $input);
    $key //= $self->{key};

    my $signature = qx(openssl dgst -sha256 -sign $key $self->{dir}/input);
    $? == 0 or die "openssl dgst failed\n";

    return $input . '.' . encode_base64url($signature);
}

# ---- requests

# body: a reference becomes JSON, a text is sent as it is.  The answer has
# status, headers, content, and json where it is JSON.
sub api {
    my ($self, $method, $path, $token, $body, %headers) = @_;

    $headers{authorization} = "Bearer $token" if defined $token;
    $headers{accept} //= 'application/json';

    if (defined $body) {
        $headers{'content-type'} //= 'application/json';
        $body = $JSON->utf8->encode($body) if ref $body;

    } elsif ($method =~ /^P/) {
        $headers{'content-length'} = 0;
    }

    my $r = $self->http->request($method,
        "http://127.0.0.1:$self->{port}$path",
        { headers => \%headers, defined $body ? (content => $body) : () });

    if (($r->{headers}{'content-type'} // '') =~ m{^application/json}
        && length $r->{content})
    {
        $r->{json} = JSON::PP->new->utf8->allow_nonref->decode($r->{content});
    }

    return $r;
}

sub http {
    my ($self) = @_;
    return $self->{http}{$$} //= HTTP::Tiny->new(timeout => 60,
                                                 keep_alive => 0,
                                                 max_redirect => 0);
}

# bytes as they are on one connection, until it is closed; pieces are sent one
# after the other
sub raw {
    my ($self, @pieces) = @_;

    my $s = IO::Socket::INET->new(PeerAddr => '127.0.0.1',
                                  PeerPort => $self->{port})
        or die "connect: $!\n";

    local $SIG{PIPE} = 'IGNORE';

    for my $piece (@pieces) {
        last unless defined syswrite $s, $piece;
    }

    my $text = '';
    my $select = IO::Select->new($s);

    while ($select->can_read(60)) {
        sysread $s, $text, 65536, length $text or return $text;
    }

    die "no end of the connection\n$text";
}

# sends something and goes away
sub raw_close {
    my ($self, $text) = @_;

    my $s = IO::Socket::INET->new(PeerAddr => '127.0.0.1',
                                  PeerPort => $self->{port})
        or die "connect: $!\n";

    syswrite $s, $text;
    close $s;
}

# n requests at once, made by a function that gets a number; their answers
sub parallel {
    my ($self, $n, $make) = @_;

    my (@pipes, @answers);

    for my $i (0 .. $n - 1) {
        pipe my $in, my $out or die "pipe: $!\n";
        my $pid = fork // die "fork: $!\n";

        if ($pid == 0) {
            close $in;
            my $r = $make->($i);
            print $out $JSON->encode([$r->{status}, $r->{content}]);
            close $out;
            POSIX::_exit(0);
        }

        close $out;
        push @pipes, [$pid, $in];
    }

    for my $p (@pipes) {
        my $in = $p->[1];
        my $text = join '', <$in>;
        waitpid $p->[0], 0;
        my $r = $JSON->decode($text);
        push @answers, { status => $r->[0], content => $r->[1] };
    }

    return @answers;
}

# nothing may have gone wrong behind the scenes
sub clean {
    my ($self) = @_;
    return $self->alarms . join '', grep { /second reply|waits for nothing|no reply by/ }
                                    split /^/, $self->error_log;
}

# ids as the world has them
my $count = 0;

sub user {
    return sprintf 'auth0|%08x%016x', $$, ++$count;
}

# a path under a student
sub student {
    my ($class, $user, $rest) = @_;
    (my $escaped = $user) =~ s/\|/%7C/;
    return "/api/classes/$class/students/$escaped" . ($rest // '');
}

1;
