package MLForKids::Visitor;

# A visitor who has a text project: what a child does before there is a model.

use strict;
use warnings;

use Carp qw(croak);

our %FOOD = (fruit => ['apple', 'banana', 'sweet orange', 'ripe pear',
                       'juicy cherry', 'fresh melon'],
             animal => ['dog', 'a cat', 'big horse', 'little mouse',
                        'wild fox', 'grey wolf']);

# new($t, name, language, labels, session): a visitor with a project; session
# is one that is there already
sub new {
    my ($class, $t, %o) = @_;
    my $session = $o{session} || $t->session;

    my $self = bless {
        t => $t, id => $session->{id}, token => $session->{jwt},
        home => "/api/classes/session-users/students/$session->{id}",
    }, $class;
    $t->secret($self->{token});

    my $r = $self->must(201, 'POST', 'home', '/projects', {
        type => 'text', name => $o{name} || 'things',
        language => $o{language} || 'en' });
    $self->{projectid} = $r->{id};
    $self->{project} = "$self->{home}/projects/$r->{id}";

    $self->must(200, 'PATCH', 'project', '', [{ op => 'replace',
        path => '/labels', value => $o{labels} || ['fruit', 'animal'] }]);

    return $self;
}

# call(METHOD, 'project' or 'home' or 'key', rest, json): a reply
sub call {
    my ($self, $method, $place, $rest, @json) = @_;

    return $self->{t}->request($method, $self->{$place} . $rest,
        ($place eq 'key' ? () : (token => $self->{token})),
        (@json ? (json => $json[0]) : ()));
}

# the same; its JSON, and croaks when the status is another one
sub must {
    my ($self, $status, @rest) = @_;

    my $r = $self->call(@rest);
    $r->{status} == $status
        or croak "@rest[0 .. 2]: $r->{status} $r->{body}";
    return $r->{json};
}

# teach({label => [texts]}): adds examples
sub teach {
    my ($self, $texts) = @_;

    for my $label (sort keys %$texts) {
        $self->must(201, 'POST', 'project', '/training',
                    { data => $_, label => $label }) for @{ $texts->{$label} };
    }

    return $self;
}

# makes or finds the Scratch key; afterwards "key" is a place for call()
sub make_key {
    my ($self) = @_;

    my $keys = $self->must(200, 'GET', 'project', '/scratchkeys');
    $self->{t}->secret($keys->[0]{id});
    $self->{key} = "/api/scratch/$keys->[0]{id}";

    return $keys->[0];
}

# the model as it is listed, or undef
sub model {
    my ($self) = @_;
    return $self->must(200, 'GET', 'project', '/models')->[0];
}

sub train {
    my ($self) = @_;
    return $self->must(201, 'POST', 'project', '/models');
}

# wait($status, seconds): until the model is so; the model
sub wait {
    my ($self, $status, $seconds) = @_;
    my $model;

    $self->{t}->until(sub {
        $model = $self->model;
        return $model && $model->{status} eq $status;
    }, "a model that is $status", $seconds || 60);

    return $model;
}

# test(text): the reply of the model's test
sub test {
    my ($self, $text, %o) = @_;
    my $id = $o{model} || $self->{model} || $self->model->{classifierid};

    return $self->call('POST', 'project', "/models/$id/label",
        { type => 'text', text => $text,
          credentialsid => $o{credentials} || 'builtin' });
}

1;
