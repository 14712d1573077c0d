"""The queue: arq's wire, the execution of one job, the jobs, schedules, the command line."""
