use strict;
use warnings;

use lib 't/lib';
use Test::More;
use Test::Prize;
use Test::Prize::Fault;
use Test::Prize::Roster;

# Redis and PostgreSQL are both gone: everybody is turned away politely, and
# either of them is enough again.

my $redis = Test::Prize::Redis->start;
my $postgres = Test::Prize::Postgres->start;
my $roster = Test::Prize::Roster->create($postgres, rows => 200);

$roster->load($redis);


# "stop" and "go" are what happens to both, and to each that comes back

sub both {
    my ($row, $stop, $go) = @_;
    my $site = Test::Prize::Fault->new(redis => [$redis], roster => $roster,
        workers => 2, timeout => '300ms');
    my %status;

    $site->ask("$row: answers", requests => 400, rate => 400, keep => sub {
        my (undef, $answer) = @_;
        $status{$answer->{status}}++;
    }, after => { 100 => sub { $stop->($_) for $redis, $postgres } });

    is_deeply([sort keys %status], [200, 503], "$row: pages, then BUSY");
    $site->ask("$row: BUSY", requests => 300, status => {503 => 300});

    $go->($redis);
    $site->recovers("$row: Redis is back");

    $stop->($redis);
    $go->($postgres);
    $site->recovers("$row: PostgreSQL is back");

    $go->($redis);
    return $site;
}


subtest 'row 34: both killed' => sub {
    my $site = both('row 34: killed', sub { $_[0]->kill }, sub {
        my ($server) = @_;

        $server->start;
        return if $server == $postgres;

        # what it knew is lost with it; the rows are those of the roster
        $redis->commands(map {
            my $record = $roster->record($_);
            ['HSET', "employee:$_", map { $_ => $record->{$_} }
                                    keys %$record];
        } @{ $roster->ids });
    });

    $site->over('row 34: killed');
};


subtest 'row 34: both frozen' => sub {
    my $site = both('row 34: frozen', sub { $_[0]->pause },
                    sub { $_[0]->resume });

    $site->over('row 34: frozen');
};


done_testing();
