package Test::Prize::Roster;

# A roster for tests: a database of its own with a table "employee" whose
# values are what breaks programs.
#
#     my $roster = Test::Prize::Roster->create(shared_postgres(), rows => 500);
#     $roster->load($redis);
#     for my $id (@{ $roster->ids }) { ... $roster->row($id)->{name} ... }
#
# Values are bytes, as Redis and PostgreSQL hold them; NULL is undef.

use strict;
use warnings;
use utf8;

use Carp qw(croak);
use Encode qw(decode_utf8);

my $count;

my @names = (
    '王小明', "Siobhán O'Brien", 'Tim <Timmy>', 'Marks & Spencer',
    'Anna "Ann" Lee', '🎉👩‍💻🎁', 'שלום عليكم', "\x{202E}dlrow olleh",
    "two\r\nlines", "a\ttab", '{{name}}', '{{{prize}}}', '{{#prize}}won{{/}}',
    '$1', '${id} $prize_id', "\$5\r\nhello\r\n*2\r\n\$-1\r\n", '-ERR no',
    'NULL', '\\N', '\\x41\\', 'null', '%s%n', ' ', "'; DROP TABLE employee;--",
    '</script><script>alert(1)</script>', '&amp;lt;', ']][[{}',
    '{a,"b",NULL}', 'zero width' . "\x{200B}\x{FEFF}", 'ﷺ' x 40,
    "\x01\x1b[31m\x7f", 'é' . "e\x{301}",
);

my @departments = ('Research & Development', '市场部', 'Sales <APAC>', undef,
                   '', '0', "line\nfeed", '"quoted"');

my @prizes = ('iPhone 17 Pro', undef, '', 'no', 'gold', '否', 'false',
              'a phone & <more>', 'OFF', '1', '未中奖', "\x{3000}Ｎ／Ａ\n",
              '无人机', '-', '10', '－０．０', 'none left but one');

my @ids = (
    sub { sprintf 'E%05d', $_[0] },
    sub { sprintf 'e%05d', $_[0] - 1 },             # its neighbour's, in case
    sub { sprintf '%d', $_[0] },
    sub { sprintf 'a.b_c@d-%d', $_[0] },
    sub { sprintf 'null%d', $_[0] },
    sub { sprintf '%s.%d', 'L' x 58, 10000 + $_[0] },   # 64 bytes
    sub { sprintf '-%d', $_[0] },
    sub { sprintf '0x%x', $_[0] },
);


# create(server, rows => 12000, name => the database's), or "numbers", a list
# of those that are wanted

sub create {
    my ($class, $postgres, %option) = @_;
    my $name = $option{name} // sprintf 'roster_%d_%d', $$, ++$count;
    my $self = bless { postgres => $postgres, name => $name, ids => [],
                       rows => {} }, $class;

    for my $n (@{ $option{numbers} // [1 .. $option{rows} // 12_000] }) {
        my $row = make_row($n);
        push @{ $self->{ids} }, $row->{id};
        $self->{rows}{$row->{id}} = $row;
    }

    croak 'an ID was given twice'
        if keys %{ $self->{rows} } != @{ $self->{ids} };

    $postgres->sql("CREATE DATABASE $name");

    my $script = <<~'SQL' . $self->copy;
        CREATE TABLE employee (
            id text PRIMARY KEY, name text, department text, prize text,
            claim_url text, joined date, salary numeric(12,2), remote boolean,
            "Mixed Case" text
        );
        SQL

    # bytes already, whatever Perl calls them
    utf8::downgrade($script);
    $self->sql($script);
    $self->sql('ANALYZE employee');
    return $self;
}


sub make_row {
    my ($n) = @_;
    my $name = $names[$n % @names];

    $name .= " $n" if $n % 3;
    $name = $name x 500 if $n % 1009 == 0;

    # an empty name and no name at all
    $name = '' if $n % 101 == 0;
    $name = undef if $n % 103 == 0;

    my %row = (
        id => $ids[$n % @ids]->($n),
        name => $name,
        department => $departments[$n % @departments],
        prize => $prizes[$n % @prizes],
        claim_url => $n % 2 ? "gift.example.com/claim?ticket=$n&to=<$n>"
                            : undef,
        joined => sprintf('%04d-%02d-%02d', 1990 + $n % 35, 1 + $n % 12,
                          1 + $n % 28),
        salary => sprintf('%d.%02d', $n * 7, $n % 100),
        remote => (undef, 't', 'f')[$n % 3],
        'Mixed Case' => $n % 5 ? "x$n" : undef,
    );

    defined $_ && utf8::encode($_) for values %row;
    return \%row;
}


my @columns = ('id', 'name', 'department', 'prize', 'claim_url', 'joined',
               'salary', 'remote', 'Mixed Case');


sub copy {
    my ($self) = @_;
    my %escape = ("\\" => '\\\\', "\t" => '\\t', "\n" => '\\n',
                  "\r" => '\\r');
    my $text = "COPY employee FROM STDIN;\n";

    for my $id (@{ $self->{ids} }) {
        my @values = map {
            my $value = $self->{rows}{$id}{$_};
            $value =~ s/([\\\t\n\r])/$escape{$1}/g if defined $value;
            $value // '\\N';
        } @columns;

        $text .= join("\t", @values) . "\n";
    }

    return "$text\\.\n";
}


sub ids { my ($self) = @_; return $self->{ids} }


sub row {
    my ($self, $id) = @_;

    return $self->{rows}{$id};
}


# the record as Redis should hold it

sub record {
    my ($self, $id) = @_;
    my $row = $self->{rows}{$id};

    return { map { $_ => $row->{$_} // '' } keys %$row };
}


# what a section of "prize" says

my %lost = map { $_ => 1 } '', qw(no false off n/a - 否 未中奖 -0.0);

sub wins {
    my ($self, $id) = @_;
    my $prize = decode_utf8($self->{rows}{$id}{prize} // '');

    # full-width forms
    $prize =~ tr/\x{ff01}-\x{ff5e}/!-~/;
    return !$lost{lc $prize =~ s/^\s+|\s+$//gr};
}


sub conninfo {
    my ($self) = @_;

    return $self->{postgres}->conninfo($self->{name});
}


sub sql {
    my ($self, $sql) = @_;

    return $self->{postgres}->sql($sql, $self->{name});
}


# a session that holds the table until it is closed

sub lock {
    my ($self) = @_;
    my $session = $self->{postgres}->session($self->{name});

    print {$session} "BEGIN; LOCK TABLE employee;\n";
    Test::Prize::eventually(sub {
        return $self->sql(q{SELECT count(*) FROM pg_locks
                            WHERE mode = 'AccessExclusiveLock' AND granted
                            AND relation = 'employee'::regclass});
    }, 'a lock');
    return $session;
}


# "prizectl load" into a server; of all, of "ids", or what a "query" returns

sub load {
    my ($self, $redis, %option) = @_;
    my $some = join ',', map { "'$_'" } @{ $option{ids} // [] };
    my ($status, undef, $err) = Test::Prize::run(Test::Prize::prizectl(),
        'load', '--postgres', $self->conninfo,
        '--redis', $redis->{tls} ? "unix:$redis->{socket}"
                   : 'redis://' . $redis->address,
        '--query', $option{query} // 'SELECT * FROM employee'
                   . ($some && " WHERE id IN ($some)"));

    croak "prizectl load: $err" if $status;
    return $self;
}


# Redis' records of all IDs, as hashes, undef where there is none

sub stored {
    my ($self, $redis, %option) = @_;
    my ($selected, @answers) = $redis->commands(
        ['SELECT', $option{database} // 0],
        map { ['HGETALL', "employee:$_"] } @{ $self->{ids} });

    return [map { @$_ ? {@$_} : undef } @answers];
}


1;
