-- What a file may bring besides (schema.sql): policies of every kind, and a
-- second model of one table.
SELECT assoc_model('Draft', '{"table":"posts","values":{"score":5}}');
SELECT assoc_policy('User', '{"read":"id <> 2 or some posts(score > 3)","hide":"bio","fixed":["age"],"update":true}');
SELECT assoc_policy('Post', '{"read":"user_id = :me or some comments(author.id = :me)","create":"user_id = :me","update":true,"delete":true}');
SELECT assoc_policy('Draft', '{"read":"score is not null","hide":"data"}');
SELECT assoc_policy('Tag', '{"read":"name <> \"a\"","force":true}');
SELECT assoc_policy('Profile', '{"read":false}');
SELECT assoc_policy('Comment', '{"read":true,"create":true,"update":"id > :me","delete":"about_id is null"}');
SELECT assoc_policy('Recent', '{"read":"user_id in (1, 2)"}');
SELECT assoc_policy('Line', '{"read":"text <> \"b\"","hide":"text"}');
