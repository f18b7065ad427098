package Test::Prize::Clock;

# A clock of its own for an nginx, by libfaketime.
#
#     my $clock = Test::Prize::Clock->new;
#     $clock->set('2026-12-24 08:00:00');        # or '+1h', in UTC
#     my $nginx = Test::Prize::Nginx->start(binary => $clock->binary,
#                                           main => $clock->main, ...);
#
# That is the wall clock; timers go by the monotonic one, which stays as ever.
# With "timers => 1" it moves, too, but only onwards:
#
#     $clock->pass(10);          # seconds; nginx sees it at its next event
#     $clock->now;               # for nginx: what has passed, too

use strict;
use warnings;

use Test::Prize;
use Time::HiRes qw(time);

my $count;


sub new {
    my ($class, %option) = @_;
    my ($library) = glob '/usr/lib/*/faketime/libfaketime.so.1';

    die "no libfaketime: make deps-test\n" unless $library;

    my $name = run_dir() . sprintf '/clock.%d.%d', $$, ++$count;
    my $self = bless { file => $name, binary => "$name.nginx", passed => 0 },
                     $class;
    my $nginx = $ENV{TEST_NGINX_BINARY} // '/usr/sbin/nginx';

    # the library of an nginx built with a sanitizer has to be the first
    my @preload = (`ldd '$nginx'` =~ m{=> (\S+/libasan\.so\S*)}, $library);

    spew($self->{binary}, <<"SH");
#!/bin/sh
export LD_PRELOAD="@preload"
exec $nginx "\$@"
SH
    chmod 0755, $self->{binary} or die "chmod $self->{binary}: $!";

    @ENV{qw(FAKETIME_TIMESTAMP_FILE FAKETIME_NO_CACHE
            FAKETIME_DONT_FAKE_MONOTONIC FAKETIME_DISABLE_SHM)}
        = ($self->{file}, 1, $option{timers} ? 0 : 1, 1);

    $self->set('+0h');
    return $self;
}


sub binary { my ($self) = @_; return $self->{binary} }


# a worker keeps of the environment what the configuration names

sub main {
    return join '', map { "env $_;\n" } grep { /^FAKETIME_/ } sort keys %ENV;
}


# in one step: nginx reads it all the time

sub set {
    my ($self, $time) = @_;

    rename spew("$self->{file}.new", "$time\n"), $self->{file}
        or die "$self->{file}: $!";
}


sub pass {
    my ($self, $seconds) = @_;

    $self->set('+' . ($self->{passed} += $seconds));
}


sub now { return time + $_[0]{passed} }


1;
