package Test::Prize::Employees;

# Employees of a roster who open their pages, from an nginx that has Redis and
# PostgreSQL, while something happens to these.
#
#     my $employees = Test::Prize::Employees->start($roster, redis => [$redis]);
#     $employees->open('a kill', {503 => 1}, sub { ...; return $over });
#
# "redis" are the servers of the upstream block, and "location" are further
# lines of the location.

use strict;
use warnings;

use Test::More;

use Test::Prize;
use Test::Prize::Clients;


sub start {
    my ($class, $roster, %option) = @_;
    my $self = bless { roster => $roster, port => free_port() }, $class;
    my $servers = join ' ', map { "server 127.0.0.1:$_->{port} max_fails=0;" }
                            @{ $option{redis} };

    $self->{nginx} = Test::Prize::Nginx->start(workers => 1,
        connections => 1024, files => { 'page.html' =>
            '<body data-id="{{id}}">[{{{name}}}][{{{department}}}]'
            . '[{{#prize}}{{{prize}}}{{/prize}}]</body>' },
        http => <<"CONF");
    upstream store { $servers }
    prize_postgres hr "@{[ $roster->conninfo ]}" connections=2 queue=4096;

    access_log off;
    keepalive_requests 1000000;

    server {
        listen 127.0.0.1:$self->{port};

        location = /h5 {
            prize_page             page.html raw=name,department,prize;
            prize_redis_pass       store;
            prize_redis_timeout    5s;
            prize_postgres_pass    hr;
            prize_postgres_timeout 10s;
            prize_postgres_query   "SELECT * FROM employee WHERE id = ANY(\$1)";
            @{[ $option{location} // '' ]}
        }
    }
CONF

    $self->{page} = { map {
        my $record = $roster->record($_);

        ($_ => qq{<body data-id="$_">[$record->{name}][$record->{department}][}
               . ($roster->wins($_) ? $record->{prize} : '') . ']</body>');
    } @{ $roster->ids } };

    return $self;
}


# until "happen", which is called again and again, returns true: each page is
# right, and "status" has the other answers that there may be

sub open {
    my ($self, $name, $status, $happen) = @_;
    my ($ids, $page) = ($self->{roster}->ids, $self->{page});
    my $over;
    my $clients = Test::Prize::Clients->new(port => $self->{port},
        connections => 16,
        request => sub { my $id = $ids->[rand @$ids];
                         return ("/h5?id=$id", $id) },
        check => sub {
            my ($id, $body, $got) = @_;

            return undef if $got == 200 ? $body eq $page->{$id}
                                        : $status->{$got};
            return "not the page of $id, or status $got";
        });

    my $result = $clients->run(requests => 10_000_000,
        every => [0.01 => sub { $_[0]->stop if $over ||= $happen->() }]);

    is_deeply([@$result{qw(lost wrong extra)}], [0, 0, 0],
              "$name: each page is right")
        or diag(Test::Prize::Clients->describe($result));
    cmp_ok($result->{status}{200}, '>', 20, "$name: many pages");
}


sub error_log { return $_[0]{nginx}->error_log }


1;
