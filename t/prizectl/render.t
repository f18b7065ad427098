use strict;
use warnings;

use lib 't/lib';
use Test::More;
use Test::Prize;

# prizectl render, as somebody uses it who writes a page.

my $file = run_dir() . '/page.html';


sub render {
    return run(prizectl(), 'render', @_);
}


sub page {
    spew($file, shift);
    return render('--page', $file, @_);
}


sub refused {
    my ($name, $expected, $pattern, $status, $out, $err) = @_;

    is($status, $expected, "$name: fails with $expected");
    is($out, '', "$name: no page");
    like($err, $pattern, "$name: says why");
    is($err =~ tr/\n//, 1, "$name: in one line");
}


my ($status, $out, $err) = page("{{a}}|{{b}}|{{c}}\n",
    '--field', 'a=1=2', '--field', 'b=', '--field', 'other=x',
    '--field', 'c=old', '--field', 'c=new');

is($out, "1=2||new\n", 'values keep their =, the last one counts');
is("$status $err", '0 ', 'a field that the page does not use is no error');

is((page('<b>{{name}}</b>', '--field', "name=\xe6\x9d\x8e <O'Neil>"))[1],
   "<b>\xe6\x9d\x8e &lt;O&#39;Neil&gt;</b>", 'a name is escaped');

my $long = '0123456789' x 20_000;

is((page("$long\{{a}}$long", '--field', 'a=&'))[1], "$long&amp;$long",
   'a long page');
is((run({stdin => 'from {{a}}'}, prizectl(), 'render', '--page',
        '/dev/stdin', '--field', 'a=a pipe'))[1], 'from a pipe',
   'a page from standard input');


($status, $out, $err) = page('{{#b}}{{a}}{{/b}}{{{c}}}{{a}}', '--fields',
                             '--raw', 'c');
is("$status $out$err", "0 b\na\nc\n", '--fields lists each field once');
is((page('{{a}}{{id}}', '--fields'))[1], "id\na\n",
   'id is a field where the page names it');
is((page('no field', '--fields'))[1], '', 'and only there');


refused('a wrong page', 1,
        qr/^prizectl: \Q$file\E:2:3: section "a" is not closed/,
        page("x\r\n  {{#a}}\n"));
refused('a raw tag', 1, qr/:1:1: raw tag of field "a" .* raw=a /,
        page('{{{a}}}', '--raw', 'b'));
refused('no such file', 1, qr/"\Q$file\E-not".*No such file/,
        render('--page', "$file-not"));
refused('a folder', 1, qr/Is a directory/, render('--page', run_dir()));

refused('no value', 2, qr/"--page" wants a value/, render('--page'));
refused('no =', 2, qr/"a": want NAME=VALUE/, page('x', '--field', 'a'));
refused('no name', 2, qr/"=a": want NAME=VALUE/, page('x', '--field', '=a'));
refused('a wrong option', 2, qr/unknown option "--what"/,
        page('x', '--what'));
refused('a wrong letter', 2, qr/unknown option "-w"/, page('x', '-wx'));
refused('one word too many', 2, qr/unexpected argument "b"/,
        page('x', 'b'));


# a full disk must not leave half a page and a success

spew($file, "{{a}}\n");

for my $option ('--field=a=' . substr($long, 0, 100_000), '--fields',
                '--help')
{
    my ($full, undef, $said) = run('sh', '-c', 'exec "$@" >/dev/full', 'sh',
                                   prizectl(), 'render', '--page', $file,
                                   $option);
    my $shown = substr $option, 0, 11;

    is($full, 1, "$shown: a write error is an error");
    like($said, qr/cannot write to standard output: No space left/,
         "$shown: and is named");
}


for my $shipped (glob root() . '/conf/pages/*.html') {
    ($status, $out, $err) = render('--page', $shipped);
    is("$status $err", '0 ', "$shipped compiles");
}

done_testing();
