import Commands

await GraftCommand.main()
