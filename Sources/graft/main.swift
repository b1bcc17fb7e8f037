import Commands

await GraftCommand.perform()
