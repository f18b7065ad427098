package Test::Prize::Peer::TLS;

# A Redis by TLS that does what a test tells it, as Test::Prize::Peer is one
# without.
#
#     my $peer = Test::Prize::Peer::TLS->start(tls => $ca->issue('server'),
#                                              records => {...});
#
# "tls" is a certificate of Test::Prize::Certificates.  What also can be told:
#
#     sealed => sub { my ($peer, $client, $bytes) = @_; ... }   to the wire
#     opened => sub { my ($peer, $client, $bytes) = @_; ... }   from there
#
# in place of $peer->seal($client, $bytes) and $peer->open($client, $bytes).
# "seal" returns records, and "open" the plain bytes; it takes the handshake
# one step on and writes what that wants to say by $peer->transmit.  "version"
# is the only one that is spoken, 'TLSv1.2' say.  A client whose {room} is set,
# by "accept" say, gets so many bytes and no more.  "greeting" is written with
# the last flight of the handshake, in one segment.  "seen" also has, of each
# client, "hello NAME" with the name that it sent, "-" if none, and "resumed"
# where it took up a session.

use strict;
use warnings;

use Carp qw(croak);
use Net::SSLeay ();
use parent 'Test::Prize::Peer';

use Test::Prize;

my %version = ('TLSv1.2' => 0x0303, 'TLSv1.3' => 0x0304);


sub context {
    my ($self) = @_;

    return $self->{context} //= do {
        my $tls = $self->{tls};
        my $context = Net::SSLeay::CTX_new_with_method(
            Net::SSLeay::TLS_server_method()) or croak 'no context';

        Net::SSLeay::CTX_use_certificate_chain_file($context,
                                                    $tls->{certificate})
            && Net::SSLeay::CTX_use_PrivateKey_file($context, $tls->{key},
                   Net::SSLeay::FILETYPE_PEM())
            or croak "cannot use $tls->{certificate}";
        Net::SSLeay::CTX_set_session_id_context($context, 'prize', 5);

        if ($self->{version}) {
            my $n = $version{$self->{version}};
            Net::SSLeay::CTX_set_min_proto_version($context, $n);
            Net::SSLeay::CTX_set_max_proto_version($context, $n);
        }

        $context;
    };
}


sub begin {
    my ($self, $client) = @_;

    return if $client->{ssl};

    my $ssl = $client->{ssl} = Net::SSLeay::new($self->context);

    $client->{from} = Net::SSLeay::BIO_new(Net::SSLeay::BIO_s_mem());
    $client->{to} = Net::SSLeay::BIO_new(Net::SSLeay::BIO_s_mem());
    Net::SSLeay::set_bio($ssl, $client->{from}, $client->{to});
    Net::SSLeay::set_accept_state($ssl);
}


# what OpenSSL wants to have written

sub wire {
    my ($self, $client) = @_;
    my $bytes = '';

    while (Net::SSLeay::BIO_pending($client->{to}) > 0) {
        $bytes .= Net::SSLeay::BIO_read($client->{to});
    }

    return $bytes;
}


sub open {
    my ($self, $client, $bytes) = @_;
    my $plain = '';

    $self->begin($client);
    Net::SSLeay::BIO_write($client->{from}, $bytes);

    if (!$client->{handshaked}) {
        my $done = Net::SSLeay::do_handshake($client->{ssl}) == 1;

        Net::SSLeay::write($client->{ssl}, $self->{greeting})
            if $done && defined $self->{greeting};
        $self->transmit($client, $self->wire($client));
        return '' unless $done;

        $client->{handshaked} = 1;
        print { $self->{seen} } 'hello ',
            Net::SSLeay::get_servername($client->{ssl}) // '-', "\n";
        print { $self->{seen} } "resumed\n"
            if Net::SSLeay::session_reused($client->{ssl});
    }

    while (defined(my $some = Net::SSLeay::read($client->{ssl}))) {
        last if $some eq '';
        $plain .= $some;
    }

    return $plain;
}


sub seal {
    my ($self, $client, $bytes) = @_;

    Net::SSLeay::write($client->{ssl}, $bytes) if length $bytes;
    return $self->wire($client);
}


sub opened {
    my ($self, @rest) = @_;

    return $self->{opened} ? $self->{opened}->($self, @rest)
                           : $self->open(@rest);
}


sub sealed {
    my ($self, @rest) = @_;

    return $self->{sealed} ? $self->{sealed}->($self, @rest)
                           : $self->seal(@rest);
}


sub transmit {
    my ($self, $client, $bytes) = @_;

    if (defined $client->{room}) {
        $bytes = substr $bytes, 0, $client->{room};
        $client->{room} -= length $bytes;
    }

    return $self->SUPER::transmit($client, $bytes);
}


sub close {
    my ($self, $client) = @_;

    Net::SSLeay::free(delete $client->{ssl}) if $client->{ssl};
    return $self->SUPER::close($client);
}


1;
