package Bytes;

# How many bytes gzipped pages have, to those that "gzip -9" makes of the same
# page, and what it takes to make them ready.  No clock but the processor's is
# in it, and the bytes are the same on each machine.

use strict;
use warnings;

use Test::Prize;
use Site;

my %employee = (id => '10000001', name => 'Employee',
                department => 'Research');
my %winner = (%employee, prize => 'a phone',
              claim_url => 'example.com/0000001');


# English, cut by tags: each Debian has this file

sub prose {
    my ($bytes, $tags) = @_;
    my $text = slurp('/usr/share/common-licenses/GPL-3') =~ s/[<>&\s]+/ /gr;
    my @names = qw(name department prize claim_url);
    my $step = int($bytes / $tags);
    my $source = '<!DOCTYPE html><html><head><meta charset="utf-8"><title>'
                 . 'prose</title></head><body data-id="{{id}}"><p>';

    $source .= substr($text, ($_ - 1) * $step, $step)
               . ($_ < $tags ? "{{$names[$_ % @names]}}" : '')
        for 1 .. $tags;

    return "$source</p></body></html>\n";
}


# a template's name or its text, and the record

sub pages {
    my $sample = root() . '/conf/pages/gift.html';

    return (
        ['sample, winner', $sample, \%winner],
        ['sample, everybody else', $sample, \%employee],
        ['ten tags', Site::source(15_360, 10), \%winner],
        ['prose, ten tags', prose(15_360, 10), \%winner],
        ['a hundred tags', Site::source(15_360, 100), \%winner],
        ['prose, a hundred tags', prose(15_360, 100), \%winner],
        ['4 KB, one tag', Site::source(4096, 1), \%winner],
        ['64 KB, a hundred tags', Site::source(65_536, 100), \%winner],
        ['256 KB, three tags', Site::source(262_144, 3), \%winner],
        ['1 MiB, ten tags', Site::source(1_048_576, 10), \%winner],
        ['1 MiB, a hundred tags', Site::source(1_048_576, 100), \%winner]);
}


sub best {
    my ($file) = @_;
    my ($status, $out, $err) = run('gzip', '-9nc', $file);

    die "gzip: $err" if $status;
    return length $out;
}


sub measure {
    my %of;

    for my $page (pages()) {
        my ($name, $template, $record) = @$page;
        my $file = $template =~ /</
                   ? spew(run_dir() . '/bytes.template', $template)
                   : $template;
        my @fields = map { "$_=$record->{$_}" } sort keys %$record;
        my ($status, $plain, $err) = run(prizectl(), 'render', '--page', $file,
            map { ('--field', $_) } @fields);
        die "prizectl render: $err" if $status;

        my $best = best(spew(run_dir() . '/bytes.html', $plain));

        # what is free is not to be counted: no cache of a thread
        local $ENV{GLIBC_TUNABLES} = 'glibc.malloc.tcache_count=0';

        ($status, my $said, $err) = run("$ENV{TEST_NGINX_BUILD}/ratio", $file,
                                        @fields);
        die "ratio: $err" if $status;

        my ($bytes, $mended, $ms, $memory) = split ' ', $said;
        $of{$name} = { ratio => [$bytes / $best], bytes => [$bytes],
                       best => [$best], mended => [$mended], ms => [$ms],
                       memory => [$memory] };
    }

    return \%of;
}


1;
