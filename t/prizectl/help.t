use strict;
use warnings;

use lib 't/lib';
use Test::More;
use Test::Prize;

# What "--help" and the man page say of an option is what the command takes;
# t/project/readme.t reads the README.

my @commands = qw(load verify clear sign rehearse opened render);
my $man = slurp(root() . '/conf/man/prizectl.1');
my %section;

$man =~ s/\\-/-/g;

for my $text (split /^(?=\.S[HS] )/m, $man) {
    my ($title) = $text =~ /^\.S[HS] (.+)/;
    $section{$title // ''} = $text;
}

my $of = 'Of load and verify';
my %man = (load => "$section{$of}$section{'Of load alone'}",
           verify => "$section{$of}$section{'Of load alone'}"
                     . $section{'Of verify alone'},
           clear => $section{'Of clear'}, sign => $section{'Of sign'},
           rehearse => $section{'Of rehearse'},
           opened => $section{'Of opened'}, render => $section{'Of render'});


# an option is known if what the command objects to is something else

sub takes {
    my ($command, $option) = @_;
    my (undef, undef, $err) = run(prizectl(), $command, "--$option");

    return $err !~ /unknown option/;
}


sub options {
    my ($text) = @_;
    my %option = map { $_ => 1 } $text =~ /(?<![\w-])--([a-z][a-z-]*)/g;

    return \%option;
}


my ($status, $out) = run(prizectl(), '--help');
is($status, 0, 'prizectl --help');
like($out, qr/^  $_ /m, "prizectl --help: $_") for @commands;

my %all;

for my $command (@commands) {
    my ($code, $help, $err) = run(prizectl(), $command, '--help');

    is($code, 0, "$command --help");
    is($err, '', "$command --help: no message");
    like($help, qr/^usage: prizectl $command /, "$command --help: usage");
    is_deeply([grep { length > 79 } split /\n/, $help], [],
              "$command --help: fits a terminal");

    my $said = options($help);
    my $documented = options($man{$command});

    $documented->{help} = 1;
    delete $said->{help} if $command ne 'load';
    delete $documented->{help} if $command ne 'load';

    is_deeply($documented, $said, "$command: the man page and --help agree");
    is_deeply([grep { !takes($command, $_) } sort keys %$said], [],
              "$command: takes all of them");
    $all{$_} = 1 for keys %$said;
}

# the synopsis of the man page is that of --help

my @synopsis = map {
    my ($usage) = (run(prizectl(), $_, '--help'))[1] =~ /^usage: (.*?)\n\n/s;
    my (undef, undef, @words) = split ' ', $usage;

    join '', map { "$_\n" } ".B prizectl $_", map {
        /^--/ ? ".B $_" : /^[<>]$/ ? $_
        : /^(\[?)(\w+)(\]?\.\.\.)$/ ? ($1 ? ".RI [ $2 $3" : ".IR $2 $3")
        : ".I $_"
    } @words;
} @commands;

is($section{SYNOPSIS}, ".SH SYNOPSIS\n" . join(".br\n", @synopsis,
    ".B prizectl\n.RB { --help | --version }\n"),
   'the synopsis of the man page is that of --help');

# none that a command takes is missing: tried with all options there are, but
# not with those that getopt takes for the beginning of another one

for my $command (@commands) {
    my $said = options((run(prizectl(), $command, '--help'))[1]);
    my @silent = grep {
        my $option = $_;
        !grep({ index($_, $option) == 0 } keys %$said)
            && takes($command, $option)
    } sort keys %all;

    is_deeply(\@silent, [], "$command: --help names each");
}

# what a command needs is asked for, and no command at all is a mistake too

my %needed = (load => [qw(postgres query redis)],
              verify => [qw(postgres query redis)], clear => [qw(redis)],
              sign => [qw(key-file event url)],
              rehearse => [qw(links host)], opened => [qw(roster)],
              render => [qw(page)]);
my %right = (redis => 'redis://h', url => 'https://h/p');

for my $command (@commands) {
    for my $missing (@{ $needed{$command} }) {
        my @others = map { ("--$_", $right{$_} // 'x') }
                     grep { $_ ne $missing } @{ $needed{$command} };
        my ($code, undef, $err) = run(prizectl(), $command, @others);

        is($code, 2, "$command without --$missing");
        like($err, qr/--$missing is required/, 'says so');
    }
}

is((run(prizectl(), @$_))[0], 2, "prizectl @$_") for [], ['nonsense'];


my ($formatted, undef, $warnings) =
    run('man', '--warnings', '-l', root() . '/conf/man/prizectl.1');
is($formatted, 0, 'the man page is one') or diag($warnings);
is($warnings, '', 'and in order');

for my $code (0, 1, 2, 3, 130) {
    like($section{'EXIT STATUS'}, qr/^\.B $code$/m, "exit status $code");
}

done_testing();
