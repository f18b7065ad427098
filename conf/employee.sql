-- The roster: one row for each employee.
--
--     psql -d hr -f employee.sql
--
-- It can be run again on a database that has the table: it then changes
-- nothing.  The schema is yours: the module takes whatever columns the query
-- of "prize_postgres_query" names, a column is a field by its name, NULL is
-- an empty string, and only the column "id" is required, since it says whose
-- row it is.

SET client_encoding = 'UTF8';

CREATE TABLE IF NOT EXISTS employee (
    -- the byte set and the length that the module takes in a link
    id         text PRIMARY KEY
               CONSTRAINT employee_id_in_link
               CHECK (id ~ '^[A-Za-z0-9._@-]{1,64}$'),

    name       text NOT NULL,
    department text,
    prize      text,

    claim_url  text
               CONSTRAINT employee_claim_url_without_scheme
               CHECK (claim_url !~ '^([A-Za-z][A-Za-z0-9+.-]*:)?//')
);

COMMENT ON TABLE employee IS
    'One row for each employee who may open a page.';
COMMENT ON COLUMN employee.id IS
    'What stands in the link: A-Z a-z 0-9 . _ @ -, at most 64 bytes.';
COMMENT ON COLUMN employee.name IS
    'As it shall appear on the page.';
COMMENT ON COLUMN employee.department IS
    'As it shall appear on the page; may be NULL.';
COMMENT ON COLUMN employee.prize IS
    'What has been won, as it shall appear on the page.  NULL, an empty '
    'string and whatever says no to says_yes() is no prize.';
COMMENT ON COLUMN employee.claim_url IS
    'Where a winner claims the prize, without the leading https:// that the '
    'page writes itself, so that nothing but an HTTPS link can come of it: '
    'gift.example.com/claim?ticket=1.  NULL where there is nothing to claim.';


-- What a section of a page makes of a text, {{#prize}} say, for queries of
-- your own: "SELECT id FROM employee WHERE says_yes(prize)".  It is the
-- module's own rule: a word that says no or a zero, in any case, in full-width
-- forms too, and with white space around it.

CREATE OR REPLACE FUNCTION says_yes(value text) RETURNS boolean
    LANGUAGE sql IMMUTABLE
AS $$
    SELECT btrim(lower(translate(coalesce(value, ''),
                                 'ＡＥＦＩＬＮＯＳＵａｅｆｉｌｎｏｓｕ０＃／．＋－',
                                 'AEFILNOSUaefilnosu0#/.+-')
                       COLLATE "C"),
                 E' \t\n\x0b\f\r\u00a0\u200b\u3000\ufeff')
           !~ ('^(|[+-]?0+(\.0+)?|f|false|n|no|off|none|nil|null|#?n/a|/'
               '|--?|––?|——?|否|无|未|没有|暂无|不是|未中|未中奖|未获奖)$')
$$;


-- The role that nginx logs in as: it may read this table and nothing else.
-- Give it a password with "ALTER ROLE h5 PASSWORD ..." or "\password h5", and
-- write the password to the file of password_file= of prize_postgres, which
-- belongs to root with mode 0600; or let the user of nginx's workers in as h5 by
-- pg_hba.conf and pg_ident.conf.

DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'h5') THEN
        CREATE ROLE h5 LOGIN;
    END IF;
END
$$;

-- The module gives up after "prize_postgres_timeout"; this makes the server
-- give up too.  It is a property of the role because neither SET nor options=
-- gets through PgBouncer.

ALTER ROLE h5 SET statement_timeout = '1s';
ALTER ROLE h5 SET default_transaction_read_only = on;

GRANT SELECT ON employee TO h5;
