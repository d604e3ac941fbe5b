-- Users who put something into a cart, and never bought anything.
SELECT count(*) AS users
FROM (SELECT DISTINCT user_id FROM interactions WHERE event_type = 'cart') AS a
WHERE NOT EXISTS (
    SELECT 1 FROM interactions b WHERE b.user_id = a.user_id AND b.event_type = 'purchase'
)
