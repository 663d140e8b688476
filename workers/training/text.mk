# text models
