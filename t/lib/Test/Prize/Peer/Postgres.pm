package Test::Prize::Peer::Postgres;

# A PostgreSQL that does what a test tells it, as Test::Prize::Peer is such a
# Redis.  A command is the type of a message; that of a connection's first
# one, which has none, is 'startup', and behind a Sync, 'S', stand the IDs of
# the Bind before it; that of a check is 'query' or 'type'.
#
# "usual" lets everybody in and answers a Sync with the rows of those IDs from
# "records" (by ID).  The messages, of which the functions make some:
# https://www.postgresql.org/docs/15/protocol-message-formats.html

use strict;
use warnings;

use Exporter qw(import);
use parent 'Test::Prize::Peer';

our @EXPORT_OK = qw(message error data description ready);

my @columns = qw(id name department prize);

my $ssl_request = 80_877_103;
my $text_type = 25;
my $texts_type = 1009;


sub parse {
    my ($self, $client) = @_;
    my $head = $client->{started} ? 1 : 0;

    return if length $client->{in} < $head + 4;

    my $length = unpack 'N', substr $client->{in}, $head, 4;

    return if length $client->{in} < $head + $length;

    my $bytes = substr $client->{in}, 0, $head + $length, '';
    my $rest = substr $bytes, $head + 4;

    if (!$client->{started}) {
        return 'ssl' if unpack('N', $rest) == $ssl_request;
        $client->{started} = 1;
        return 'startup';
    }

    my $type = substr $bytes, 0, 1;

    $client->{ids} = bound($rest) if $type eq 'B';
    $client->{check} = 'query' if "$type$rest" =~ /^DS/;
    $client->{check} = 'type' if "$type$rest" =~ /^P.*pg_type/s;

    return $type if $type ne 'S';

    my $check = delete $client->{check};

    return $check // ('S', @{ $client->{ids} });
}


# the IDs of the one parameter: behind the names of portal and statement there
# are a count of formats with the formats, and a count of parameters

sub bound {
    my ($rest) = @_;

    $rest =~ s/\A [^\0]*\0 [^\0]*\0//sx;
    substr $rest, 0, 2 + 2 * unpack('n', $rest) + 2, '';
    return [unpack('N/a', $rest) =~ /"([^"]*)"/g];
}


sub usual {
    my ($self, $type, @ids) = @_;

    return 'N' if $type eq 'ssl';
    return message('R', pack 'N', 0) . ready() if $type eq 'startup';
    return checked() if $type eq 'query';
    return typed() if $type eq 'type';
    return $type eq 'S' ? $self->rows(@ids) . ready() : undef;
}


# what the module asks before it asks for IDs: a query is described, and asked
# for nobody; and its parameter is an array of texts

sub checked {
    return message('1') . message('t', pack 'n N', 1, $texts_type)
           . description(@columns) . message('2') . description(@columns)
           . message('C', "SELECT 0\0") . ready();
}


sub typed {
    return message('1') . message('2')
           . description('typcategory', 'format_type') . data('A', 'text')
           . message('C', "SELECT 1\0") . ready();
}


# of the IDs behind it

sub lookup { return 'S' }


# the answer to a query of these IDs

sub rows {
    my ($self, @ids) = @_;
    my @rows = grep { $_ } map { $self->{records}{$_} } @ids;

    return message('1') . message('2') . description(@columns)
           . join('', map { data(@$_{@columns}) } @rows)
           . message('C', 'SELECT ' . @rows . "\0");
}


sub message {
    my ($type, $rest) = @_;

    return $type . pack('N', 4 + length($rest // '')) . ($rest // '');
}


sub ready {
    return message('Z', 'I');
}


sub description {
    return message('T', pack('n', scalar @_) . join '', map {
        pack 'Z* N n N n N n', $_, 0, 0, $text_type, 0xffff, 0xffffffff, 0
    } @_);
}


sub data {
    return message('D', pack('n', scalar @_) . join '', map {
        defined $_ ? pack('N/a', $_) : pack('N', 0xffffffff)
    } @_);
}


# an ErrorResponse of the fields (type => text) that it is given

sub error {
    my @fields = @_;
    my $rest = '';

    while (my ($type, $text) = splice @fields, 0, 2) {
        $rest .= "$type$text\0";
    }

    return message('E', "$rest\0");
}


1;
