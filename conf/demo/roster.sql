-- A roster of 12,000 made-up employees; every third is a winner.

SET client_min_messages = warning;

WITH part AS (
    SELECT ARRAY['王', '李', '张', '刘', '陈', '杨', '黄', '赵', '吴', '周',
                 '欧阳', '司马'] AS surname,
           ARRAY['伟', '芳', '秀英', '敏', '静', '磊', '洋', '艳', '杰', '娟',
                 '涛', '子涵', '一诺'] AS given,
           ARRAY['Ada', 'Brian', 'Chloé', 'Dmitri', 'Zoë', 'Søren', 'Grace',
                 'Linus', 'Maeve', 'Tim <Timmy>', 'Sunny 🌞'] AS first,
           ARRAY['O''Brien', 'Nguyen', 'Müller', 'García', 'Kowalski',
                 'Marks & Spencer', 'Lovelace', 'd''Arc', 'Şahin'] AS last,
           ARRAY['Research & Development', '市场部', 'Finance', '人力资源部',
                 'Sales <APAC>', '客户服务部', 'Legal', NULL] AS department,
           ARRAY['iPhone 17 Pro', 'iPhone 17', 'iPhone Air'] AS prize
)
INSERT INTO employee (id, name, department, prize, claim_url)
SELECT 'E' || to_char(n, 'FM00000'),
       CASE WHEN n % 5 < 3
            THEN surname[1 + n % 12] || given[1 + n % 13]
            ELSE first[1 + n % 11] || ' ' || last[1 + n % 9]
       END,
       department[1 + n % 8],
       CASE WHEN n % 3 = 0 THEN prize[1 + n / 3 % 3] END,
       CASE WHEN n % 3 = 0
            THEN 'gift.example.com/claim?ticket=' || md5('ticket' || n)
       END
FROM part, generate_series(1, 12000) AS n;
