-- The pairs of items that the most users bought both of.
WITH bought AS (
    SELECT DISTINCT user_id, item_id
    FROM interactions
    WHERE event_type = 'purchase'
)
SELECT a.item_id AS item, b.item_id AS other, count(*) AS users
FROM bought a
JOIN bought b ON a.user_id = b.user_id AND a.item_id < b.item_id
GROUP BY 1, 2
ORDER BY users DESC, item, other
LIMIT 20
