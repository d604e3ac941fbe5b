-- How many users have how many sessions, where half an hour without an event ends one.
WITH steps AS (
    SELECT user_id, timestamp, lag(timestamp) OVER (PARTITION BY user_id ORDER BY timestamp) AS before
    FROM interactions
), sessions AS (
    SELECT user_id, sum(CASE WHEN timestamp - before <= 1800 THEN 0 ELSE 1 END) AS sessions
    FROM steps
    GROUP BY user_id
)
SELECT sessions, count(*) AS users
FROM sessions
GROUP BY sessions
ORDER BY sessions
