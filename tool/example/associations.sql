-- How the tables relate, said once. Keys are found in the schema; an option
-- names one where a table has two that would fit.

SELECT assoc_define('User', 'hasOne', 'Profile', '{"as":"profile"}');
SELECT assoc_define('Profile', 'belongsTo', 'User', '{"as":"user"}');

SELECT assoc_define('User', 'hasMany', 'Post', '{"as":"posts","order":"id desc"}');
SELECT assoc_define('Post', 'belongsTo', 'User', '{"as":"author"}');
SELECT assoc_model('Post', '{"paranoid":true}');

SELECT assoc_define('Post', 'hasMany', 'Comment', '{"as":"comments"}');
SELECT assoc_define('Comment', 'belongsTo', 'Post', '{"as":"post"}');
SELECT assoc_define('User', 'hasMany', 'Comment', '{"as":"comments"}');
SELECT assoc_define('Comment', 'belongsTo', 'User', '{"as":"author"}');

SELECT assoc_define('Post', 'belongsToMany', 'Tag', '{"as":"tags"}');
SELECT assoc_define('Tag', 'belongsToMany', 'Post', '{"as":"posts"}');

SELECT assoc_define('User', 'belongsToMany', 'User',
  '{"as":"followers","through":"Follow","foreignKey":"followingId","otherKey":"followerId"}');
SELECT assoc_define('User', 'belongsToMany', 'User',
  '{"as":"following","through":"Follow","foreignKey":"followerId","otherKey":"followingId"}');
SELECT assoc_define('User', 'hasMany', 'Post',
  '{"as":"feed","through":"following.posts","order":"id desc"}');

SELECT assoc_define('Team', 'belongsToMany', 'User',
  '{"as":"members","through":{"model":"TeamMember","scope":{"active":1}}}');
SELECT assoc_define('Team', 'belongsToMany', 'User',
  '{"as":"owners","through":{"model":"TeamMember","scope":{"active":1,"role":"owner"}}}');
SELECT assoc_define('User', 'belongsToMany', 'Team',
  '{"as":"teams","through":{"model":"TeamMember","scope":{"active":1}}}');
SELECT assoc_define('Team', 'hasMany', 'Project', '{"as":"projects"}');
SELECT assoc_define('Team', 'hasMany', 'Project',
  '{"as":"activeProjects","scope":{"status":"active"}}');
SELECT assoc_define('Project', 'belongsTo', 'Team', '{"as":"team"}');

-- Who may write what: on behalf of a user, :me, only these rows. Whatever route
-- or payload asks, another row is refused.

SELECT assoc_policy('Post',
  '{"create":"authorId = :me","update":"authorId = :me","delete":"authorId = :me"}');
SELECT assoc_policy('Comment',
  '{"create":"authorId = :me","update":"authorId = :me","delete":"authorId = :me or post.authorId = :me"}');
SELECT assoc_policy('Follow',
  '{"create":"followerId = :me","delete":"followerId = :me"}');
