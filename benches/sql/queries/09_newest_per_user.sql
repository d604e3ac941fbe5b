-- The newest event of each user, in sum: those of the same second are as new as each other.
SELECT count(*) AS users, sum(timestamp) AS seconds
FROM (
    SELECT timestamp, lead(timestamp) OVER (PARTITION BY user_id ORDER BY timestamp) AS next
    FROM interactions
) AS steps
WHERE next IS NULL
