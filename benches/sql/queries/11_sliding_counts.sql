-- How many events of the same user the day before each event has, itself counted: the most, and the sum.
SELECT max(recent) AS most, sum(recent) AS total
FROM (
    SELECT count(*) OVER (
        PARTITION BY user_id ORDER BY timestamp RANGE BETWEEN 86400 PRECEDING AND CURRENT ROW
    ) AS recent
    FROM interactions
) AS counted
