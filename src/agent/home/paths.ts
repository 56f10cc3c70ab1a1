/** The directories and files of an agent; `Paths` of the configuration fits. */
export type AgentPaths = {
  readonly stateDir: string;
  readonly lastGoodDir: string;
  readonly kubeletDir: string;
  readonly podLogsDir: string;
  readonly containerLogsDir: string;
  readonly runDir: string;
  readonly agentSocket: string;
  readonly agentLock: string;
};
