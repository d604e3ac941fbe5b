-- Of the users who came first in a week, how many came how many seconds of whole weeks later.
WITH firsts AS (
    SELECT user_id, min(timestamp) - min(timestamp) % 604800 AS cohort
    FROM interactions
    GROUP BY user_id
), active AS (
    SELECT DISTINCT user_id, timestamp - timestamp % 604800 AS week
    FROM interactions
)
SELECT cohort, week - cohort AS age, count(*) AS users
FROM active
JOIN firsts ON active.user_id = firsts.user_id
GROUP BY 1, 2
ORDER BY 1, 2
