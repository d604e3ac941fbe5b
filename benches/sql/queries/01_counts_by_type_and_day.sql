-- How many events of each type there are on each day.
SELECT event_type, timestamp - timestamp % 86400 AS day, count(*) AS events
FROM interactions
GROUP BY 1, 2
ORDER BY 1, 2
