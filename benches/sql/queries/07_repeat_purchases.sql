-- How often the same user buys the same item.
SELECT times, count(*) AS pairs
FROM (
    SELECT user_id, item_id, count(*) AS times
    FROM interactions
    WHERE event_type = 'purchase'
    GROUP BY user_id, item_id
) AS bought
GROUP BY times
ORDER BY times
