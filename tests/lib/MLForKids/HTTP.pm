package MLForKids::HTTP;

# A plain HTTP/1.1 client that sends exactly what a test says: odd paths,
# repeated headers, broken requests.  Keeps its connection.

use strict;
use warnings;

use IO::Socket::INET;
use IO::Select;

sub new {
    my ($class, $port, %o) = @_;
    return bless { port => $port, timeout => $o{timeout} || 30 }, $class;
}

sub close {
    my ($self) = @_;
    close delete $self->{socket} if $self->{socket};
    $self->{buffer} = '';
}

# request(method, path, {headers}, body): { status, headers, body }; values of
# headers may be lists.  Names in the reply are in lower case, repeated ones
# joined by ", ".
sub request {
    my ($self, $method, $path, $headers, $body) = @_;
    my $text = "$method $path HTTP/1.1\r\n";
    my %h = (host => "127.0.0.1:$self->{port}", %{ $headers || {} });

    if (defined $body) {
        $h{'content-length'} = length $body if !exists $h{'content-length'};
    }
    elsif ($method =~ /^(POST|PUT|PATCH)$/ && !exists $h{'content-length'}) {
        $h{'content-length'} = 0;
    }

    for my $name (sort keys %h) {
        next if !defined $h{$name};
        $text .= "$name: $_\r\n" for ref $h{$name} ? @{ $h{$name} } : $h{$name};
    }
    $text .= "\r\n";
    $text .= $body if defined $body;

    # a kept connection may have been closed by the server meanwhile
    my $kept = $self->{socket};
    my $r = $self->raw($text, $method);
    if (!$r->{status} && $kept && $r->{error} =~ /closed/) {
        $r = $self->raw($text, $method);
    }

    return $r;
}

# raw(text, method): the same with the request's bytes as they are; status 0
# and an error when there is no reply
sub raw {
    my ($self, $text, $method) = @_;
    my $r = eval { $self->exchange($text, $method || 'GET') };

    if (!$r) {
        my $error = $@;
        $self->close;
        return { status => 0, headers => {}, body => '', error => $error };
    }

    return $r;
}

sub exchange {
    my ($self, $text, $method) = @_;
    local $SIG{PIPE} = 'IGNORE';

    $self->{socket} ||= IO::Socket::INET->new(
        PeerAddr => '127.0.0.1', PeerPort => $self->{port}, Timeout => 5)
        or die "cannot connect: $!\n";

    my $sent = 0;
    while ($sent < length $text) {
        my $n = syswrite $self->{socket}, $text, length($text) - $sent, $sent;
        # refused and closed while we were sending: the reply may be there
        last if !defined $n;
        $sent += $n;
    }

    my ($status, %headers);
    do {
        my $head = $self->read_until("\r\n\r\n");
        my @lines = split /\r\n/, $head;
        ($status) = (shift @lines) =~ m{^HTTP/1\.[01] (\d+)}
            or die "no HTTP: $head\n";
        %headers = ();
        for (@lines) {
            my ($name, $value) = /^([^:]+):\s*(.*?)\s*$/ or next;
            $name = lc $name;
            $headers{$name} = exists $headers{$name}
                ? "$headers{$name}, $value" : $value;
        }
    } while ($status < 200);

    my $body = '';
    if ($method eq 'HEAD' || $status == 204 || $status == 304) {
        # none
    }
    elsif (($headers{'transfer-encoding'} || '') =~ /chunked/i) {
        while ((my $size = hex $self->read_until("\r\n")) > 0) {
            $body .= $self->read_bytes($size);
            $self->read_bytes(2);
        }
        $self->read_until("\r\n");
    }
    elsif (defined $headers{'content-length'}) {
        $body = $self->read_bytes($headers{'content-length'});
    }
    else {
        $body .= delete $self->{buffer} while $self->more;
        $headers{connection} = 'close';
    }

    $self->close if lc($headers{connection} || '') eq 'close';
    return { status => $status + 0, headers => \%headers, body => $body };
}

sub more {
    my ($self) = @_;

    $self->{buffer} = '' if !defined $self->{buffer};
    IO::Select->new($self->{socket})->can_read($self->{timeout})
        or die "no reply in $self->{timeout} s\n";
    return sysread $self->{socket}, $self->{buffer}, 65536,
        length $self->{buffer};
}

sub read_until {
    my ($self, $mark) = @_;
    my $at;

    $self->{buffer} = '' if !defined $self->{buffer};
    while (($at = index $self->{buffer}, $mark) < 0) {
        $self->more or die "closed by the server\n";
    }

    my $text = substr $self->{buffer}, 0, $at, '';
    substr $self->{buffer}, 0, length $mark, '';
    return $text;
}

sub read_bytes {
    my ($self, $n) = @_;

    $self->{buffer} = '' if !defined $self->{buffer};
    while (length $self->{buffer} < $n) {
        $self->more or die "closed by the server\n";
    }

    return substr $self->{buffer}, 0, $n, '';
}

1;
