use strict;
use warnings;
use utf8;

use lib 't/lib';
use Encode qw(decode_utf8 encode_utf8);
use HTTP::Tiny;
use MIME::Base64 qw(encode_base64);
use MIME::QuotedPrint qw(encode_qp);
use Test::More;
use Test::Prize;

# "The day of the event": the README's own commands, as they stand there, one
# after the other.  Only the settings of its first block are other ones, and
# Redis is made to say nothing for a shorter time.

my $employees = 60;
my $readme = decode_utf8(slurp(root() . '/README.md'));
my ($settings, @blocks) = blocks('The day of the event');
my ($acl) = blocks('Security notes');

my $dir = run_dir() . "/checklist.$$";
my $table = "checklist$$";
my $postgres = shared_postgres();
my $redis = Test::Prize::Redis->start;
my ($https, $http) = (free_port(), free_port());
my @query = ("SELECT id, name, department, prize, claim_url FROM $table",
             'WHERE id = ANY($1)');

mkdir $dir or BAIL_OUT("mkdir $dir: $!");
mkdir "$dir/bin" or BAIL_OUT("mkdir $dir/bin: $!");


sub blocks {
    my ($title) = @_;
    my ($text) = $readme =~ /^## \Q$title\E\n(.*?)^## /ms;

    return $text =~ /^```sh\n(.*?)^```$/gms;
}


# a name may have whatever CSV has a rule for

$postgres->sql(<<"SQL");
    CREATE TABLE $table (id text PRIMARY KEY, name text, department text,
                         prize text, claim_url text);
    INSERT INTO $table
    SELECT 'E' || n, E'Müller, "Q' || n || E'"\\nzu Wald', '研发',
           CASE WHEN n % 10 = 0 THEN '手机' END, 'gift.example.com/claim'
    FROM generate_series(1, $employees) AS n
SQL

is((run('openssl', 'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days',
        '2', '-subj', '/CN=localhost', '-addext',
        'subjectAltName=DNS:localhost', '-keyout', "$dir/tls.key", '-out',
        "$dir/tls.crt"))[0], 0, 'a certificate');

my %value = (
    redis    => "redis://127.0.0.1:$redis->{port}",
    postgres => $postgres->conninfo,
    query    => $query[0],
    page     => "$dir/gift.html",
    keys     => "$dir/h5.keys",
    revoked  => "$dir/h5.revoked",
    event    => 'gift-2026',
    url      => "https://localhost:$https/h5",
    mails    => "$dir/mails",
    metrics  => "http://127.0.0.1:$http/metrics",
    over     => (run('date', '-Iseconds', '-d', '+3 days'))[1] =~ s/\n//r,
    id       => 'E7',
);

is_deeply([sort $settings =~ /^(\w+)=/mg], [sort keys %value],
          'the settings are known');


# What a sysadmin's shell knows: where nginx and prizectl are, and whom to
# trust.

symlink prizectl(), "$dir/bin/prizectl" or BAIL_OUT("symlink: $!");
$value{password} = 'as good as any';

sub shell {
    my ($commands) = @_;
    my $set = join '', map { "$_='$value{$_}'\n" } sort keys %value;

    local $ENV{PATH} = "$dir/bin:/usr/sbin:$ENV{PATH}";
    local $ENV{CURL_CA_BUNDLE} = "$dir/tls.crt";

    return run('bash', '-e', '-u', '-o', 'pipefail', '-c',
               "cd $dir\n$set$commands");
}


my @ran = shell($acl);
is($ran[0], 0, 'the user of Redis') or diag(@ran);

spew($value{page}, slurp(root() . '/conf/pages/gift.html'));

my $nginx = Test::Prize::Nginx->start(http => <<"CONF");
    prize_postgres hr "$value{postgres}";
    server {
        listen 127.0.0.1:$https ssl;
        listen 127.0.0.1:$http;
        ssl_certificate     $dir/tls.crt;
        ssl_certificate_key $dir/tls.key;
        location = /h5 { include $dir/location*.conf; }
        location = /metrics { prize_status; }
    }
CONF

spew("$dir/bin/nginx", "#!/bin/sh\nexec $nginx->{binary} -p $nginx->{dir}/"
     . " -c $nginx->{dir}/nginx.conf -e $nginx->{dir}/error.log \"\$@\"\n");
chmod 0755, "$dir/bin/nginx";

my $pages = <<"CONF";
    prize_page $value{page};
    prize_redis_pass 127.0.0.1:$redis->{port};
    prize_redis_username h5;
    prize_redis_password "$value{password}";
    prize_redis_timeout 200ms;
    prize_postgres_pass hr;
    prize_postgres_query "$query[0] $query[1]";
    prize_postgres_timeout 60s;
    prize_sign_key_file $dir/h5.keys;
    prize_sign_event gift-2026;
    prize_sign_revoked $dir/h5.revoked;
CONF


# the user of Redis may do what a write-back does

sub written_back {
    my ($id) = slurp("$dir/rehearsal") =~ /\bid=(\w+)/;

    # where there is no record, and where there is a stale one
    for my $command (['DEL', "employee:$id"], ['HDEL', "employee:$id", 'name'])
    {
        is($redis->command(@$command), 1, "@$command");
        eventually {
            shell('head -n 2 rehearsal | curl -s -K -');
            return $redis->command('HEXISTS', "employee:$id", 'name');
        } "$id: written back";
    }

    unlike($nginx->error_log, qr/refuses a write-back|NOPERM/,
           'the user may do all that the module does');
    return;
}


# Mails as they are sent: of one part and of several, their lines broken.  What
# the last one is of has been damaged.

sub part {
    my ($type, $encoding, $text) = @_;

    return "Content-Type: $type; charset=utf-8\n"
           . "Content-Transfer-Encoding: $encoding\n\n"
           . ($encoding eq 'base64' ? encode_base64($text)
              : $encoding eq '8bit' ? $text : encode_qp($text)) . "\n";
}


sub mail {
    my ($name, @parts) = @_;
    my $head = "Subject: H5\nMIME-Version: 1.0\n";
    my $mail = @parts == 1 ? "$head$parts[0]"
        : $head . qq(Content-Type: multipart/alternative;\n boundary="=_b"\n\n)
          . join('', map { "--=_b\n$_" } @parts) . "--=_b--\n";

    spew("$value{mails}/$name", $mail =~ s/\n/\r\n/gr);
    return;
}


sub mails {
    my @links = slurp("$dir/links.csv") =~ /,"?(https:[^",\s]*)/g;
    my @html = map { qq(<p>请看 <a href="$_">您的页面</a>。) }
               map { s/&/&amp;/gr } @links;

    mkdir $value{mails} or BAIL_OUT("mkdir $value{mails}: $!");
    mail('one.eml', part('text/plain', '8bit', "See:\n--- \n$links[0]\n"));
    mail('two.eml', part('text/html', 'base64', encode_utf8($html[1])));
    mail('both.eml',
         part('text/plain', 'Quoted-Printable',
              encode_utf8("请看\n------\n\n$links[2] 。\n------\n")),
         part('text/html', 'quoted-printable', encode_utf8($html[2])));
    return @links;
}


sub damaged {
    my ($command, @links) = @_;

    mail('one.eml', part('text/plain', '8bit', encode_utf8("$links[0]。\n")));
    mail('two.eml', part('text/plain', 'base64', $links[1] =~ s/&/&amp;/gr));

    my ($status, $out, $err) = shell($command);

    is($out =~ s/^ +//gmr, "2 200\n2 403\n", 'damaged links are told')
        or diag($err);
    return;
}


# What is mended: what is wrong before, and that it is right then.

sub answer_to {
    my ($link) = @_;

    return HTTP::Tiny->new(verify_SSL => 0)->get($link);
}


# that of an employee, as it was sent

sub link_of {
    my ($id) = @_;
    my ($link) = slurp("$dir/links.csv") =~ /,"?(https:\S*\bid=$id&[^",\s]*)/;

    return $link;
}


sub page_of {
    my ($id) = @_;

    return decode_utf8(answer_to(link_of($id))->{content});
}


my %wrong = (
    record => sub {
        $postgres->sql("UPDATE $table SET name = 'Ada' WHERE id = 'E7'");
        unlike(page_of('E7'), qr/Ada/, 'a record that is wrong');
    },
    page => sub {
        spew($value{page}, slurp($value{page}) =~ s{</h1>}{, mended</h1>}gr);
    },
);

my %right = (
    record => sub {
        like(page_of('E7'), qr/Ada/, 'the record is right');
        unlike(page_of('E8'), qr/Ada/, 'and no other one is');
    },
    page => sub {
        like(page_of('E7'), qr/mended/, 'the page is right');
        like(decode_utf8(slurp("$dir/look.html")), qr/Ada.*mended/s,
             'and was to be seen before');
    },
    link => sub {
        is(answer_to(link_of('E7'))->{status}, 410, 'the link is withdrawn');
        is(answer_to(link_of('E8'))->{status}, 200, 'and no other one is');
    },
    key => sub {
        my ($old) = link_of('E8');

        like($old, qr/&k=2026a&/, 'a link of the old key');
        is(answer_to($old)->{status}, 200, 'holds');

        my ($status, $out, $err) = shell(
            'prizectl sign --key-file "$keys" --event "$event" --url "$url"'
            . " <<'END'\nid\nE8\nEND\n");
        my ($new) = $out =~ /(https:\S+)/;

        is($status, 0, 'one of the new key') or diag($err);
        like($new, qr/&k=2026b&/, 'names it');
        is(answer_to($new)->{status}, 200, 'and holds');
    },
);


# Each block: what is written before it, and what it says.

my $all_200 = qr/^ *$employees 200$/m;
my @steps = (
    ['check', undef, qr/\Amaxmemory\n.*\bprize: true in 6 of 60 /s],
    ['load', undef, qr/^loaded $employees rows/m],
    ['verify', undef, qr/^compared $employees rows/m],
    ['sign', undef, qr/\A\z/],
    ['reload', $pages, qr/\A\z/],
    ['rehearse', undef, qr/\A *$employees 200\nOK\n *$employees 200\n\z/],
    ['mail', undef, qr/\A *4 200\n\z/],
    ['watch', undef, qr/^prize_http_requests_total\{code="200"\} (?!0$)\d/m],
    ['record', undef, qr/^loaded 1 rows?\b.*^name\nAda$/ms],
    ['page', undef, qr/\A\z/],
    ['link', undef, qr/\A\z/],
    ['key', undef, qr/\A\z/],
    ['clear', 'return 410;', qr/^removed $employees records$/m],
);

is(scalar @blocks, scalar @steps, 'as many blocks as are known');

for my $step (@steps) {
    my ($name, $location, $output) = @$step;
    my $commands = shift(@blocks) =~ s/client pause \K10000/2000/r;

    spew("$dir/location.conf", $location) if defined $location;

    my @links = $name eq 'mail' ? mails() : ();
    my %old = map { $_ => 1 } $nginx->workers;

    $wrong{$name}->() if $wrong{$name};

    my ($status, $out, $err) = shell($commands);

    is($status, 0, "$name: done") or diag($commands, $out, $err);
    like(decode_utf8($out), $output, "$name: says so") or diag($err);
    unlike($err, qr/\[(?:warn|error|emerg)\]/, "$name: without a complaint");

    written_back() if $name eq 'rehearse';
    damaged($commands, @links) if $name eq 'mail';

    if ($right{$name}) {
        eventually { $commands !~ /-s reload/
                     || !grep { $old{$_} } $nginx->children } "$name: reloaded";
        $right{$name}->();
    }

    # a reload takes effect when its worker is there, and alone: until then
    # the old one takes connections, too
    eventually {
        my $want = $name eq 'clear' ? 410 : 403;
        my $answer = HTTP::Tiny->new->get("http://127.0.0.1:$http/h5?id=E1");
        $answer->{status} == $want && (my @workers = $nginx->children) == 1
    } "$name: another configuration" if defined $location;
}

is(sprintf('%o', (stat "$dir/h5.keys")[2] & 07777), '600',
   'the keys are for nobody else');
is_deeply([grep { -e "$dir/$_" } qw(roster.csv links.csv
                                         rehearsal mailed look.html mails)], [],
          'nothing secret is left');
is($redis->command('DBSIZE'), 0, 'and no record');

$postgres->sql("DROP TABLE $table");

done_testing();
