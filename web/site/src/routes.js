// All pages.  paths: patterns; title: key of the window's title; member: only
// for somebody who has started.

import { LoginPage } from './pages/login.jsx';
import { MakesPage } from './pages/makes.jsx';
import { ModelsPage } from './pages/models.jsx';
import { NewProjectPage } from './pages/new-project.jsx';
import { ProjectMenuPage } from './pages/project.jsx';
import { ProjectsPage } from './pages/projects.jsx';
import { ScratchPage } from './pages/scratch.jsx';
import { SessionEndedPage } from './pages/session-ended.jsx';
import { StartPage } from './pages/start.jsx';
import { TrainingPage } from './pages/training.jsx';
import { AboutPage, HelpPage, NotFoundPage, NotYetPage }
    from './pages/texts.jsx';

const PROJECT = '/mlproject/:user/:project';

export const notFound = {
    paths: ['/404'], page: NotFoundPage, title: 'notFound.title',
};

export const routes = [
    { paths: ['/', '/welcome'], page: StartPage, title: 'start.nav' },
    { paths: ['/login'], page: LoginPage, title: 'login.title' },
    { paths: ['/session-ended'], page: SessionEndedPage, title: 'ended.title' },
    { paths: ['/about'], page: AboutPage, title: 'about.title' },
    { paths: ['/help'], page: HelpPage, title: 'help.title' },

    { paths: ['/projects'], page: ProjectsPage, title: 'projects.title',
      member: true },
    { paths: ['/newproject'], page: NewProjectPage, title: 'newProject.title',
      member: true },
    { paths: [PROJECT], page: ProjectMenuPage, title: 'project.title',
      member: true },
    { paths: [`${PROJECT}/training`], page: TrainingPage,
      title: 'training.title', member: true },
    { paths: [`${PROJECT}/models`], page: ModelsPage, title: 'steps.learn',
      member: true },
    { paths: [`${PROJECT}/makes`], page: MakesPage, title: 'make.title',
      member: true },
    { paths: [`${PROJECT}/scratch3`], page: ScratchPage,
      title: 'scratch.title', member: true },

    { paths: ['/signup', '/teacher', '/teacher/:page', '/worksheets',
        '/stories/:page', '/pretrained', '/book', '/apikeys-guide'],
      page: NotYetPage, title: 'notYet.title' },
    notFound,
];
