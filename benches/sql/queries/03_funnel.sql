-- Purchases that a view and then a cart went before, all within a day, and how many users made them.
WITH viewed AS (
    SELECT user_id, timestamp, event_type,
        max(CASE WHEN event_type = 'view' THEN timestamp END) OVER (PARTITION BY user_id ORDER BY timestamp) AS viewed
    FROM interactions
), carted AS (
    SELECT user_id, timestamp, event_type,
        max(CASE WHEN event_type = 'cart' THEN viewed END) OVER (PARTITION BY user_id ORDER BY timestamp) AS began
    FROM viewed
)
SELECT count(*) AS purchases, count(DISTINCT user_id) AS users
FROM carted
WHERE event_type = 'purchase' AND timestamp - began <= 86400
