use strict;
use warnings;

use lib 't/lib';
use Test::More;
use Test::Prize;

# t/style finds a breach of each of its rules, and nothing in what keeps them.

my $dir = run_dir() . '/style';

mkdir $dir;


sub style {
    my ($name, $text) = @_;

    return run(root() . '/t/style', spew("$dir/$name", $text));
}


sub breaks {
    my ($what, $line, $says, $name, $text) = @_;
    my ($status, $out, $err) = style($name, $text);

    is($status, 1, "$what: fails") or diag($out, $err);
    is($out, "$dir/$name:$line: $says\n", "$what: says where");
}


sub keeps {
    my ($what, $name, $text) = @_;
    my ($status, $out, $err) = style($name, $text);

    is($status, 0, $what) or diag($out, $err);
    is($out . $err, '', "$what: and says nothing");
}


# a function whose body is given, in a file

sub function {
    my ($body) = @_;

    return "\n#include <stdlib.h>\n\n\nint\nf(int a)\n{\n$body}\n";
}


my $good = <<'END';

/*
 * A file.
 */

#include <stdlib.h>


typedef struct {
    int    a;
    char  *p;
} pair_t;


static const char  *url = "https://example.com/";   /* no comment: // */


static void *
one(size_t size)
{
    return malloc(size);
}


/* why */

int
two(pair_t *pair)
{
    int    n;
    char  *p;

    p = malloc(2);

    if (p == NULL) {
        return -1;
    }

    pair->p = one(2);

    if (pair->p == NULL
        || (p = calloc(1, 2)) == NULL)
    {
        goto failed;
    }

    do {
        n = pair->a;
    } while (n);

    for (n = 0; n < 2; n++) {

        switch (n) {

        case 1:
            break;

        default:
            return url[0];
        }
    }

    return 0;

failed:

    return -1;
}
END

keeps('what keeps the rules', 'good.c', $good);
keeps('59 lines', 'long.c', function("    a++;\n" x 58 . "    return a;\n"));
keeps('a Perl script', 'good.pl', "use strict;\n\nprint 1 + 1;\n");
keeps('cases of Test::Nginx', 'data.pl', "1;\n__DATA__\n\n\n\n\tx\n");
keeps('a long expectation', 'like.pl', '($_ =~ qr/' . 'x' x 80 . "/);\n");
keeps('a shell script', 'good.sh', "[ -n x ] && echo 1\n");
keeps('a long line of a page', 'page.html', 'x' x 100 . "\n");


# what holds for every text

breaks('81 columns', 1, 'more than 80 columns', 'wide', 'x' x 81 . "\n");
breaks('41 characters of Chinese', 1, 'more than 80 columns', 'chinese',
       '林' x 41 . "\n");
breaks('a tab', 1, 'a tab', 'tab', "a\tb\n");
breaks('trailing space', 2, 'a space at the end of the line', 'trailing',
       "a\nb \nc\n");
breaks('a carriage return', 1, 'a space at the end of the line', 'dos',
       "a\r\n");
breaks('no newline', 1, 'no newline at the end of the file', 'newline', 'a');
breaks('three empty lines', 4, 'more than two empty lines', 'empty',
       "a\n\n\n\nb\n");
breaks('an empty line at the end', 2, 'an empty line at the end', 'end',
       "a\n\n");


# C

breaks("nginx's headers later", 2, 'stdlib.h before a header of nginx',
       'include.c', "\n#include <stdlib.h>\n\n#include <ngx_config.h>\n");
keeps("nginx's headers first", 'include.c',
      "\n#include <ngx_config.h>\n\n#include <stdlib.h>\n");
breaks('a comment of C++', 7, 'a comment of C++', 'slashes.c',
       function("    return a;   // a\n") =~ s/^\n//r);

for my $case (['if', "    if (a)\n        a++;\n\n    return a;\n"],
              ['else', "    if (a) {\n        a++;\n\n    } else\n"
               . "        a--;\n\n    return a;\n", 11],
              ['for', "    for (a = (1); a < 2; a++)\n        a++;\n\n"
               . "    return a;\n"],
              ['while', "    while (a)\n        a++;\n\n    return a;\n"],
              ['do', "    do a++; while (a);\n\n    return a;\n"])
{
    my ($what, $body, $line) = (@$case, 8);
    my ($status, $out) = style('braces.c', function($body));

    is($status, 1, "$what without braces fails");
    like($out, qr/^\S+:$line: a branch or a loop without braces$/m,
         "$what without braces: says where");
}

breaks('no space', 8, 'no space before the parenthesis', 'space.c',
       function("    if(a) {\n        a++;\n    }\n\n    return a;\n"));
breaks('else on its own', 11, 'else on a line of its own', 'else.c',
       function("    if (a) {\n        a++;\n    }\n    else {\n        a--;\n"
                . "    }\n\n    return a;\n"));
breaks('two spaces', 8, 'not indented by four spaces', 'indent.c',
       function("  return a;\n"));
breaks('a block by two spaces', 9, 'not indented by four spaces', 'block.c',
       function("    if (a) {\n      a++;\n    }\n\n    return a;\n"));
breaks('60 lines', 7, 'a function of 60 lines, not fewer than 60', 'long.c',
       function("    a++;\n" x 59 . "    return a;\n"));
breaks('one line below', 9, 'not two empty lines below a function', 'below.c',
       function("    return a;\n") . "\nint  g;\n");
breaks('one line above', 4, 'not two empty lines above a function', 'above.c',
       "\nint  g;\n\nint\nf(int a)\n{\n    return a;\n}\n");
breaks('one line above its comment', 4,
       'not two empty lines above a function', 'comment.c',
       "\nint  g;\n\n/* why */\n\nint\nf(int a)\n{\n    return a;\n}\n");


# what was allocated

sub unchecked {
    my ($what, $function, $body, $line) = @_;

    breaks("not tested: $what", $line, "the result of $function() is not"
           . ' tested', 'unchecked.c', function($body));
}

unchecked('malloc', 'malloc', <<'END', 10);
    char  *p;

    p = malloc(a);
    *p = 'a';

    return a;
END

unchecked('a test of another', 'ngx_palloc', <<'END', 10);
    char  *p, *q;

    p = ngx_palloc(pool, a);
    q = ngx_pnalloc(pool, a);

    if (q == NULL || *p == 'a') {
        return 0;
    }

    return a;
END

unchecked('a cast, a test too late', 'ngx_array_push', <<'END', 8);
    x->p = (char **) ngx_array_push(&x->a);
    *x->p = "a";

    if (x->p == NULL) {
        return 0;
    }

    return a;
END

unchecked('nobody has it', 'realloc', <<'END', 8);
    (void) realloc(p, a);

    return a;
END

unchecked('a test of a member of the same name', 'malloc', <<'END', 8);
    p = malloc(a);

    if (x->p == NULL) {
        return 0;
    }

    return a;
END


# other languages

for my $case (['bad.pl', "use strict;\n\$x = 1;\n", 'Global symbol'],
              ['bad.sh', "if true; then\n", 'syntax error'])
{
    my ($name, $text, $says) = @$case;
    my ($status, $out) = style($name, $text);

    is($status, 1, "$name fails");
    like($out, qr/^\Q$dir\E\/$name:1: does not compile: .*\Q$says\E/s,
         "$name: says why");
}

done_testing();
