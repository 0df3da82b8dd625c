-- Ends all executions that were put back or made claimable, as the workers would that are not there.
UPDATE ff_exec_core
   SET lifecycle_phase = 'terminal', eligibility_state = 'not_applicable', public_state = 'completed',
       attempt_state = 'attempt_terminal', blocking_reason = NULL, terminal_at_ms = created_at_ms
 WHERE lifecycle_phase = 'runnable'
